"""The trainings of a run, their predictions of the test photographs side by side."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lesionlab.errors import LabError
from lesionlab.randomness import BOOTSTRAP, generator
from lesionlab.statistics.metrics import (
    METRICS,
    Outcome,
    read_outcome,
    threshold_at_specificity,
)
from lesionlab.statistics.resampling import Lesions, bootstrap, deviations

KEY = ["image_id", "label", "group"]
Key = tuple[str, str]  # arm and seed


@dataclass(frozen=True)
class Fold:
    """The test photographs of a fold and what every training said of them."""

    name: str
    photographs: pd.DataFrame
    outcomes: Mapping[Key, Outcome]
    lesions: Lesions


@dataclass(frozen=True)
class Scored:
    """Figures of one training: on all test photographs and as lesions change.

    Parameters
    ----------
    values : dict of float
        By metric; NaN where undefined.
    deviations : dict of ndarray, shape (L,)
        From :func:`lesionlab.statistics.resampling.deviations`.
    replicates : dict of ndarray, shape (R,)
        From :func:`lesionlab.statistics.resampling.bootstrap`.
    """

    values: Mapping[str, float]
    deviations: Mapping[str, np.ndarray]
    replicates: Mapping[str, np.ndarray]


def read_folds(
    predictions: pd.DataFrame,
    *,
    classes: Sequence[str],
    positive: str,
    specificity: float,
) -> list[Fold]:
    """Sort the predictions by fold and training, or refuse to compare them.

    Parameters
    ----------
    predictions : DataFrame
        The tidy table: ``arm``, ``fold``, ``seed``, ``image_id``, ``group``, ``label``,
        ``set`` (valid or test) and ``prob_<CLASS>``.
    classes : sequence of str
        In the order of the class numbers.
    positive : str
        The positive class.
    specificity : float
        Wanted of each training on its validation set, where its operating point is
        chosen.

    Returns
    -------
    list of Fold
        In the order of their names.

    Raises
    ------
    LabError
        If two trainings of a fold were tested on unlike photographs or labels.
    """
    folds = []
    for name, of_fold in predictions.groupby("fold"):
        first: tuple[Key, pd.DataFrame] | None = None
        outcomes: dict[Key, Outcome] = {}
        for (arm, seed), rows in of_fold.groupby(["arm", "seed"], sort=False):
            key = (str(arm), str(seed))
            ordered = rows.sort_values(KEY)
            test = ordered[ordered["set"] == "test"].reset_index(drop=True)
            first = first or (key, test[KEY])
            _refuse_unlike(str(name), key, test, *first)
            valid = read_outcome(
                ordered[ordered["set"] == "valid"], classes=classes, positive=positive
            )
            outcomes[key] = read_outcome(
                test,
                classes=classes,
                positive=positive,
                threshold=threshold_at_specificity(valid, specificity),
            )
        assert first is not None
        photographs = first[1]
        truth = next(iter(outcomes.values())).truth
        lesions = Lesions(photographs["group"], truth)
        folds.append(Fold(str(name), photographs, outcomes, lesions))
    return folds


def _refuse_unlike(
    fold: str, key: Key, test: pd.DataFrame, other: Key, photographs: pd.DataFrame
) -> None:
    for column in KEY:
        if not photographs[column].equals(test[column]):
            raise LabError(
                f"{fold}: {'/'.join(other)} and {'/'.join(key)}: unlike test sets "
                f"({column} differs); predict both on the same split"
            )


def score_folds(
    folds: Sequence[Fold],
    *,
    replicates: int,
    seed: int,
    metrics: Collection[str] = METRICS,
) -> dict[tuple[str, str, str], Scored]:
    """Score every training; those of a fold under the same draws of lesions.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`read_folds`.
    replicates : int
        Of the bootstrap.
    seed : int
        Of the bootstrap; folds draw on their own.
    metrics : collection of str
        To be scored.

    Returns
    -------
    dict of Scored
        By arm, fold and seed.
    """
    scored = {}
    for fold in folds:
        outcomes = list(fold.outcomes.values())
        draws = bootstrap(
            outcomes,
            fold.lesions,
            replicates=replicates,
            generator=generator(BOOTSTRAP, seed, fold.name),
            metrics=metrics,
        )
        changes = deviations(outcomes, fold.lesions, metrics=metrics)
        for (arm, name), outcome, draw, change in zip(
            fold.outcomes, outcomes, draws, changes, strict=True
        ):
            figures = outcome.score(metrics=metrics)
            values = {metric: float(figure[0]) for metric, figure in figures.items()}
            scored[arm, fold.name, name] = Scored(values, change, draw)
    return scored


def seeds_of(folds: Sequence[Fold], *arms: str) -> list[str]:
    """List the seeds that all of some arms have in every fold, in order.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`read_folds`.
    *arms : str
        One, or a pair that is compared training by training.

    Returns
    -------
    list of str
        Perhaps none.
    """
    first = (seed for arm, seed in folds[0].outcomes if arm == arms[0])
    wanted = [(fold, arm) for fold in folds for arm in arms]
    return [
        seed
        for seed in first
        if all((arm, seed) in fold.outcomes for fold, arm in wanted)
    ]


def average_seeds(folds: Sequence[Fold], arms: Sequence[str]) -> Iterator[Fold]:
    """Make one outcome an arm of the mean probabilities of its seeds: an ensemble.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`read_folds`.
    arms : sequence of str
        To be averaged, over the seeds that all of them have.

    Yields
    ------
    Fold
        Its outcomes bear the seed ``ensemble`` and have no operating point.
    """
    for fold in folds:
        outcomes: dict[Key, Outcome] = {}
        for arm in arms:
            own = [fold.outcomes[arm, seed] for seed in seeds_of(folds, *arms)]
            mean = np.mean([outcome.probabilities for outcome in own], axis=0)
            outcomes[arm, "ensemble"] = Outcome(
                own[0].truth, mean, positive=own[0].positive
            )
        yield Fold(fold.name, fold.photographs, outcomes, fold.lesions)
