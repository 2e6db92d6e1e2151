"""Metrics of class predictions for many weightings of the photographs at once."""

import warnings
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

METRICS = (
    "auc",
    "average_precision",
    "sensitivity",
    "specificity",
    "matched_sensitivity",
    "accuracy",
    "balanced_accuracy",
    "log_loss",
    "brier",
)
LOWER_IS_BETTER = frozenset({"log_loss", "brier"})
# probabilities are stored with six decimals, so that a 0 stands for less than this
SMALLEST = 5e-7


class Outcome:
    """True and predicted classes of a set of photographs.

    Parameters
    ----------
    truth : ndarray of int, shape (N,)
        Class numbers.
    probabilities : ndarray of float, shape (N, C)
        Rows sum to 1.
    positive : int
        Number of the class whose sensitivity, specificity, AUC and average precision
        are meant.
    threshold : float, optional
        Operating point chosen elsewhere, see :func:`threshold_at_specificity`; without
        it ``matched_sensitivity`` is undefined.
    """

    def __init__(
        self,
        truth: np.ndarray,
        probabilities: np.ndarray,
        *,
        positive: int,
        threshold: float | None = None,
    ) -> None:
        self.truth = truth
        self.probabilities = probabilities
        self.positive = positive
        self.threshold = threshold
        self.decision = probabilities.argmax(axis=1)
        self.classes = probabilities.shape[1]

    def score(
        self,
        weights: np.ndarray | None = None,
        member: np.ndarray | None = None,
        *,
        metrics: Collection[str] = METRICS,
    ) -> dict[str, np.ndarray]:
        """Compute metrics under each of R weightings of L lesions.

        Parameters
        ----------
        weights : ndarray of float, shape (R, L), optional
            How often the photographs of each lesion count; by default once, R = 1.
        member : ndarray of int, shape (N,), optional
            Lesion of each photograph; by default each is its own.
        metrics : collection of str
            Of :data:`METRICS`.

        Returns
        -------
        dict of ndarray of float, shape (R,)
            NaN where undefined. In 0..1 but for the last two: ``auc`` (against all
            other classes; ties count one half), ``average_precision``, ``sensitivity``
            and ``specificity`` of the positive class at the argmax decision,
            ``matched_sensitivity`` at the threshold; ``accuracy``;
            ``balanced_accuracy``, the mean recall of all classes, undefined where one
            of them has weight 0: a mean over fewer classes is another quantity;
            ``log_loss``, the mean negative log probability of the true class;
            ``brier``, the mean squared distance of the probabilities from the truth,
            summed over classes (Brier, 1950; in 0..2).
        """
        member = np.arange(len(self.truth)) if member is None else member
        w = np.ones((1, member.max() + 1)) if weights is None else weights
        own = self.truth == self.positive
        ways: dict[tuple[str, ...], Callable[[], dict[str, np.ndarray]]] = {
            ("auc",): lambda: self._rank(w, member, own),
            ("average_precision",): lambda: self._retrieve(w, member, own),
            METRICS[2:]: lambda: self._average(w, member, own),
        }
        figures: dict[str, np.ndarray] = {}
        with np.errstate(invalid="ignore", divide="ignore"):
            for names, way in ways.items():
                if not set(names).isdisjoint(metrics):
                    figures |= way()
        return {name: figures[name] for name in METRICS if name in metrics}

    def _rank(
        self, w: np.ndarray, member: np.ndarray, own: np.ndarray
    ) -> dict[str, np.ndarray]:
        high, low = (self.probabilities[part, self.positive] for part in (own, ~own))
        below = (low[:, None] < high) + 0.5 * (low[:, None] == high)
        outranked = w @ _sum_by(member[~own], below, w.shape[1])
        w_high, others = w[:, member[own]], w @ _sum_by(member, ~own, w.shape[1])
        return {"auc": (w_high * outranked).sum(1) / (w_high.sum(1) * others)}

    def _retrieve(
        self, w: np.ndarray, member: np.ndarray, own: np.ndarray
    ) -> dict[str, np.ndarray]:
        score = self.probabilities[:, self.positive]
        shown = score[:, None] >= score[own]
        total = w @ _sum_by(member, shown, w.shape[1])
        found = w @ _sum_by(member[own], shown[own], w.shape[1])
        w_high = w[:, member[own]]
        precision = np.where(w_high > 0, found / total, 0)
        others = w @ _sum_by(member, ~own, w.shape[1])
        support = np.where(others > 0, w_high.sum(1), np.nan)
        return {"average_precision": (w_high * precision).sum(1) / support}

    def _average(
        self, w: np.ndarray, member: np.ndarray, own: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Every metric that is a mean over photographs of some class."""
        right, said = self.truth == self.decision, self.decision == self.positive
        of_truth = np.eye(self.classes)[self.truth]
        given = np.clip((self.probabilities * of_truth).sum(1), SMALLEST, 1)
        over = np.full(len(own), np.nan)
        if self.threshold is not None:
            over = 1.0 * (self.probabilities[:, self.positive] >= self.threshold)
        columns = [
            np.ones(len(own)),
            own,
            ~own,
            own & said,
            ~own & ~said,
            np.where(own, over, 0),
            right,
            -np.log(given),
            ((self.probabilities - of_truth) ** 2).sum(1),
        ]
        sums = w @ _sum_by(member, np.stack(columns, axis=1), w.shape[1])
        total, positives, others, *parts = sums.T
        support = (total, positives, others)
        denominators = [support[n] for n in (1, 2, 1, 0, 0, 0)]
        names = ["sensitivity", "specificity", "matched_sensitivity", "accuracy"]
        names += ["log_loss", "brier"]
        means = zip(names, parts, denominators, strict=True)
        figures = {name: part / count for name, part, count in means}
        recall = w @ _sum_by(member, of_truth * right[:, None], w.shape[1])
        recall /= w @ _sum_by(member, of_truth, w.shape[1])
        return {**figures, "balanced_accuracy": recall.mean(1)}

    def table_per_class(self, classes: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Precision, recall, F1 and support of each class; None where undefined."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", category=UserWarning)
            columns = precision_recall_fscore_support(
                self.truth,
                self.decision,
                labels=range(self.classes),
                zero_division=np.nan,
            )
        names = ("precision", "recall", "f1", "support")
        return {
            label: {
                name: _clean(column[number], whole=name == "support")
                for name, column in zip(names, columns, strict=True)
            }
            for number, label in enumerate(classes)
        }

    def confusion(self) -> list[list[int]]:
        """Confusion matrix: a row for each true class, a column for each decision."""
        matrix = confusion_matrix(self.truth, self.decision, labels=range(self.classes))
        return [[int(cell) for cell in row] for row in matrix]


def read_outcome(
    table: pd.DataFrame,
    *,
    classes: Sequence[str],
    positive: str,
    threshold: float | None = None,
) -> Outcome:
    """Read the outcome from a table of predictions.

    Parameters
    ----------
    table : DataFrame
        Columns ``label`` and ``prob_<CLASS>``, one row a photograph.
    classes : sequence of str
        In the order of the class numbers.
    positive : str
        The positive class.
    threshold : float, optional
        Of :class:`Outcome`.

    Returns
    -------
    Outcome
        In the order of the rows.
    """
    return Outcome(
        pd.Index(list(classes)).get_indexer(table["label"]),
        table[[f"prob_{name}" for name in classes]].to_numpy(float),
        positive=list(classes).index(positive),
        threshold=threshold,
    )


def threshold_at_specificity(valid: Outcome, specificity: float) -> float | None:
    """Choose the threshold at which the validation set has a wanted specificity.

    Parameters
    ----------
    valid : Outcome
        Of the validation set.
    specificity : float
        The least that is wanted, in 0..1.

    Returns
    -------
    float or None
        The smallest probability above which at most ``1 - specificity`` of the
        photographs of other classes lie; None if there is none of them.
    """
    others = valid.probabilities[valid.truth != valid.positive, valid.positive]
    if not len(others):
        return None
    allowed = int(np.floor((1 - specificity) * len(others) + 1e-9))
    highest = np.sort(others)[::-1]
    if allowed >= len(others):
        return 0.0
    return float(np.nextafter(highest[allowed], 1))


def _sum_by(member: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Sum the rows of each lesion: (N, ...) to (L, ...)."""
    rows = np.arange(len(member))
    chosen = csr_array((np.ones(len(member)), (member, rows)), (count, len(member)))
    return np.asarray(chosen @ values)


def _clean(value: float, *, whole: bool) -> float | int | None:
    if np.isnan(value):
        return None
    return int(value) if whole else round(float(value), 6)
