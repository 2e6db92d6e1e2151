"""The difference of two arms, class by class."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lesionlab.comparison.estimates import describe, estimate
from lesionlab.comparison.trainings import read_folds, score_folds

SHOWN = ("auc", "sensitivity")


def compare_by_class(
    predictions: pd.DataFrame,
    *,
    a: str,
    b: str,
    classes: Sequence[str],
    specificity: float,
    replicates: int,
    seed: int,
    confidence: float,
) -> list[dict[str, Any]]:
    """Compare a pair of arms on each class against all others.

    Parameters
    ----------
    predictions : DataFrame
        The tidy table, see :func:`lesionlab.comparison.trainings.read_folds`.
    a, b : str
        The two arms.
    classes : sequence of str
        In the order of the class numbers.
    specificity : float
        Of :func:`lesionlab.comparison.trainings.read_folds`.
    replicates, seed : int
        Of the bootstrap.
    confidence : float
        Of the intervals, in 0..1.

    Returns
    -------
    list of dict
        For each class and the metrics ``auc`` (against the other classes) and
        ``sensitivity`` (recall): ``class``, ``metric``, ``a`` and ``b`` (the value of
        each arm), ``lesions`` of the class, ``difference`` and its bounds.
    """
    pair = predictions[predictions["arm"].isin([a, b])]
    rows = []
    for name in classes:
        folds = read_folds(
            pair, classes=classes, positive=name, specificity=specificity
        )
        scores = score_folds(folds, replicates=replicates, seed=seed, metrics=SHOWN)
        for metric in SHOWN:
            of_arm = {
                key: describe(estimate(folds, scores, metric, arm), confidence)["value"]
                for key, arm in (("a", a), ("b", b))
            }
            figure = estimate(folds, scores, metric, a, b)
            bounds = describe(figure, confidence)
            difference = bounds.pop("value")
            rows.append(
                {
                    "class": name,
                    "metric": metric,
                    "lesions": 0 if figure is None else figure.lesions,
                    **of_arm,
                    "difference": difference,
                    **bounds,
                }
            )
    return rows
