"""Metrics of class predictions, weighted so that a bootstrap can repeat images."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    precision_recall_fscore_support,
    roc_auc_score,
)

METRICS = ("accuracy", "balanced_accuracy", "sensitivity", "auc", "average_precision")


class Outcome:
    """True and predicted classes of a set of photographs.

    Parameters
    ----------
    table : DataFrame
        Columns ``label`` and ``prob_<CLASS>``, one row a photograph.
    classes : sequence of str
        In the order of the class numbers.
    positive : str
        The class whose sensitivity, AUC and average precision are meant.
    """

    def __init__(
        self, table: pd.DataFrame, *, classes: Sequence[str], positive: str
    ) -> None:
        self.classes = list(classes)
        self.positive = self.classes.index(positive)
        p = table[[f"prob_{name}" for name in classes]].to_numpy(float)
        self.truth = pd.Index(self.classes).get_indexer(table["label"])
        self.decision = p.argmax(axis=1)
        self.probability = p[:, self.positive]

    def score(self, weights: np.ndarray | None = None) -> dict[str, float | None]:
        """Compute every metric of :data:`METRICS`.

        Parameters
        ----------
        weights : ndarray of float, shape (N,), optional
            How often each photograph counts; once by default.

        Returns
        -------
        dict
            In 0..1; ``accuracy``; ``balanced_accuracy``, the mean recall of the classes
            of the set; ``sensitivity``, ``auc`` (against all other classes) and
            ``average_precision`` of the positive class; None where undefined, as
            balanced accuracy is where a class of the set has weight 0: a mean over
            fewer classes is another quantity.
        """
        w = np.ones(len(self.truth)) if weights is None else weights
        count = len(self.classes)
        per_class = np.bincount(self.truth, w, count)
        right = np.bincount(self.truth, w * (self.truth == self.decision), count)
        of_set = np.unique(self.truth)
        is_positive = self.truth == self.positive
        support, total = per_class[self.positive], per_class.sum()
        figures: dict[str, float | None] = dict.fromkeys(METRICS)
        if total > 0:
            figures["accuracy"] = float(right.sum() / total)
        if per_class[of_set].all():
            recall = right[of_set] / per_class[of_set]
            figures["balanced_accuracy"] = float(recall.mean())
        if support > 0:
            figures["sensitivity"] = float(right[self.positive] / support)
        if 0 < support < total:
            counted = w > 0
            y, p, w = is_positive[counted], self.probability[counted], w[counted]
            figures["auc"] = float(roc_auc_score(y, p, sample_weight=w))
            figures["average_precision"] = float(
                average_precision_score(y, p, sample_weight=w)
            )
        return figures

    def table_per_class(self) -> dict[str, dict[str, Any]]:
        """Precision, recall, F1 and support of each class; None where undefined."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            columns = precision_recall_fscore_support(
                self.truth,
                self.decision,
                labels=range(len(self.classes)),
                zero_division=np.nan,
            )
        names = ("precision", "recall", "f1", "support")
        return {
            label: {
                name: _clean(column[number], whole=name == "support")
                for name, column in zip(names, columns, strict=True)
            }
            for number, label in enumerate(self.classes)
        }

    def confusion(self) -> list[list[int]]:
        """Confusion matrix: a row for each true class, a column for each decision."""
        labels = range(len(self.classes))
        matrix = confusion_matrix(self.truth, self.decision, labels=labels)
        return [[int(cell) for cell in row] for row in matrix]


def _clean(value: float, *, whole: bool) -> float | int | None:
    if np.isnan(value):
        return None
    return int(value) if whole else round(float(value), 6)
