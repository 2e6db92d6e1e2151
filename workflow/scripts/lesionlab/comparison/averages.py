"""Tables and curves of an arm, averaged over its trainings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_curve

from lesionlab.comparison.estimates import rounded
from lesionlab.comparison.trainings import Fold, seeds_of
from lesionlab.statistics.metrics import Outcome

GRID = np.linspace(0, 1, 201)


def average_classes(
    folds: Sequence[Fold], arm: str, classes: Sequence[str]
) -> dict[str, Any]:
    """Average the tables of an arm over its seeds; folds are taken together.

    Every photograph is decided once a seed, by the network of its fold.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`lesionlab.comparison.trainings.read_folds`.
    arm : str
        Name of the arm.
    classes : sequence of str
        In the order of the class numbers.

    Returns
    -------
    dict
        ``per_class``: precision, recall, F1 (None where undefined for a seed) and
        support of each class; ``confusion_matrix``: mean numbers of photographs, a row
        for each true class.
    """
    wholes = [_join(folds, arm, seed) for seed in seeds_of(folds, arm)]
    tables = [whole.table_per_class(classes) for whole in wholes]
    matrix = np.mean([whole.confusion() for whole in wholes], axis=0)
    return {
        "per_class": {
            label: _average([table[label] for table in tables]) for label in classes
        },
        "confusion_matrix": [[round(float(n), 3) for n in row] for row in matrix],
    }


def _join(folds: Sequence[Fold], arm: str, seed: str) -> Outcome:
    parts = [fold.outcomes[arm, seed] for fold in folds]
    return Outcome(
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        positive=parts[0].positive,
    )


def _average(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for name in ("precision", "recall", "f1"):
        values = [row[name] for row in rows]
        means[name] = None if None in values else rounded(float(np.mean(values)))
    return {**means, "support": rows[0]["support"]}


def average_roc(folds: Sequence[Fold], arm: str) -> pd.DataFrame:
    """Average the ROC curves of all trainings of an arm at equal false-positive rates.

    Vertical averaging (Fawcett, 2006), since probabilities of different networks have
    different scales; one training keeps its own curve.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`lesionlab.comparison.trainings.read_folds`.
    arm : str
        Name of the arm.

    Returns
    -------
    DataFrame
        ``arm``, ``fpr``, ``tpr``; empty where a test set lacks a class.
    """
    curves = []
    for fold in folds:
        for seed in seeds_of(folds, arm):
            outcome = fold.outcomes[arm, seed]
            own = outcome.truth == outcome.positive
            if own.all() or not own.any():
                return pd.DataFrame({"arm": [], "fpr": [], "tpr": []})
            score = outcome.probabilities[:, outcome.positive]
            curves.append(roc_curve(own, score)[:2])
    if len(curves) == 1:
        fpr, tpr = curves[0]
    else:
        fpr = GRID
        tpr = np.mean([np.interp(GRID, *curve) for curve in curves], axis=0)
        tpr[0] = 0
    return pd.DataFrame({"arm": arm, "fpr": fpr, "tpr": tpr})
