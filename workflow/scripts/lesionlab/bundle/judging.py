"""Judge an arm: calibrate it, choose operating points, and score both on test."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from lesionlab.bundle.calibration import (
    Calibration,
    fit_calibration,
    measure_calibration,
)
from lesionlab.bundle.operating import (
    CURVE,
    choose_threshold,
    interval_of,
    predictive_value,
    score_decisions,
    share_by_class,
)
from lesionlab.comparison.estimates import describe, estimate
from lesionlab.comparison.trainings import Fold, score_folds
from lesionlab.statistics.metrics import Outcome
from lesionlab.statistics.resampling import Lesions

MEASURES = ("auc", "balanced_accuracy", "accuracy")


@dataclass(frozen=True)
class Judged:
    """An arm as it is used, and as its test photographs were judged.

    Parameters
    ----------
    calibration : Calibration
        Of the whole validation set.
    valid : tuple of ndarray
        Calibrated probability of the positive class, (V,), and whether it is its class.
    test : DataFrame
        ``image_id``, ``group``, ``fold`` and ``truth`` of the test photographs.
    raw, calibrated : ndarray of float, shape (N, C)
        What was said of them. A fold's are calibrated without any lesion that it tests.
    choices : Mapping
        By fold, as `valid`: on what its thresholds are chosen, without such a lesion.
    """

    calibration: Calibration
    valid: tuple[np.ndarray, np.ndarray]
    test: pd.DataFrame
    raw: np.ndarray
    calibrated: np.ndarray
    choices: Mapping[str, tuple[np.ndarray, np.ndarray]]
    positive: int

    def send(self, sensitivity: float) -> np.ndarray:
        """Whether each test photograph is sent on at a wanted sensitivity, (N,)."""
        score = self.calibrated[:, self.positive]
        sent = np.zeros(len(score), bool)
        for fold, (scores, diseased) in self.choices.items():
            own = (self.test["fold"] == fold).to_numpy()
            sent[own] = score[own] >= choose_threshold(scores, diseased, sensitivity)
        return sent


def calibrate_arm(
    table: pd.DataFrame,
    *,
    classes: Sequence[str],
    positive: str,
    trained: Sequence[float],
    prevalence: Sequence[float] | None,
) -> Judged:
    """Calibrate an arm on its validation photographs.

    With several folds a lesion is tested in one and validates in others. So what judges
    the test photographs of a fold is fitted without their lesions; what is used is
    fitted on all validation photographs.

    Parameters
    ----------
    table : DataFrame
        ``set`` (valid or test), ``fold``, ``image_id``, ``group``, ``label`` and
        ``prob_<CLASS>``, the mean over the seeds of a fold.
    classes : sequence of str
        In their order.
    positive : str
        The positive class.
    trained, prevalence
        Of :func:`~lesionlab.bundle.calibration.fit_calibration`.

    Returns
    -------
    Judged
    """
    number = list(classes).index(positive)
    truth = pd.Index(classes).get_indexer(table["label"])
    raw = table[[f"prob_{name}" for name in classes]].to_numpy(float)

    def fit(rows: np.ndarray) -> tuple[Calibration, tuple[np.ndarray, np.ndarray]]:
        calibration = fit_calibration(
            raw[rows], truth[rows], trained=trained, prevalence=prevalence
        )
        scores = calibration.apply(raw[rows])[:, number]
        return calibration, (scores, truth[rows] == number)

    is_valid, is_test = (
        (table["set"] == name).to_numpy() for name in ("valid", "test")
    )
    whole, valid = fit(is_valid)
    calibrated, choices = np.zeros_like(raw), {}
    for fold in table["fold"].unique():
        own = (table["fold"] == fold).to_numpy()
        tested = table.loc[own & is_test, "group"]
        apart = is_valid & (own | ~table["group"].isin(tested).to_numpy())
        calibration, choices[fold] = fit(apart)
        calibrated[own & is_test] = calibration.apply(raw[own & is_test])
    test = table.loc[is_test, ["image_id", "group", "fold"]]
    return Judged(
        whole,
        valid,
        test.assign(truth=truth[is_test]).reset_index(drop=True),
        raw[is_test],
        calibrated[is_test],
        choices,
        number,
    )


def score_arm(
    judged: Judged,
    *,
    classes: Sequence[str],
    sensitivity: Sequence[float],
    confidence: float,
) -> dict[str, Any]:
    """Score an arm on its test photographs.

    Parameters
    ----------
    judged : Judged
        From :func:`calibrate_arm`.
    classes : sequence of str
        In their order.
    sensitivity : sequence of float
        Wanted of the operating points.
    confidence : float
        Of the intervals, in 0..1.

    Returns
    -------
    dict
        ``calibration``, ``operating_points``, ``curve``, ``measures``, ``calibrated``
        (before and after) and ``n``. Without a validation photograph of the positive
        class there is no operating point.
    """
    truth = judged.test["truth"].to_numpy()
    can_choose = judged.valid[1].any() and all(
        found.any() for _, found in judged.choices.values()
    )
    return {
        "calibration": asdict(judged.calibration),
        "operating_points": [
            _score_point(judged, wanted, classes, confidence)
            for wanted in (sensitivity if can_choose else ())
        ],
        "curve": [
            _choose_point(judged, wanted, classes)
            for wanted in (CURVE.tolist() if can_choose else ())
        ],
        "measures": _measure(judged, confidence),
        "calibrated": {
            when: measure_calibration(
                probabilities,
                truth,
                positive=judged.positive,
                prevalence=judged.calibration.prevalence,
            )
            for when, probabilities in (
                ("before", judged.raw),
                ("after", judged.calibrated),
            )
        },
        "n": _count(judged, classes),
    }


def _choose_point(
    judged: Judged, wanted: float, classes: Sequence[str]
) -> dict[str, Any]:
    """Choose the threshold on validation; say of each class what share it sends on."""
    return {
        "wanted": wanted,
        "threshold": choose_threshold(*judged.valid, wanted),
        "sent": share_by_class(
            judged.send(wanted), judged.test["truth"].to_numpy(), classes
        ),
    }


def _score_point(
    judged: Judged, wanted: float, classes: Sequence[str], confidence: float
) -> dict[str, Any]:
    chosen = _choose_point(judged, wanted, classes)
    decisions = score_decisions(
        judged.send(wanted),
        judged.test["truth"].to_numpy() == judged.positive,
        judged.test["group"],
        confidence=confidence,
    )
    value = predictive_value(
        list(chosen["sent"].values()), judged.calibration.prevalence, judged.positive
    )
    return {**chosen, **decisions, "predictive_value": value}


def _measure(judged: Judged, confidence: float) -> dict[str, dict[str, float | None]]:
    """Measures of the report, within folds and averaged, each with its interval."""
    folds = []
    for name, rows in judged.test.groupby("fold"):
        truth = rows["truth"].to_numpy()
        outcome = Outcome(
            truth, judged.calibrated[rows.index], positive=judged.positive
        )
        lesions = Lesions(rows["group"].to_numpy(), truth)
        folds.append(Fold(str(name), rows, {("arm", "ensemble"): outcome}, lesions))
    scores = score_folds(folds, replicates=1, seed=0, metrics=MEASURES)
    return {
        name: interval_of(describe(estimate(folds, scores, name, "arm"), confidence))
        for name in MEASURES
    }


def _count(judged: Judged, classes: Sequence[str]) -> dict[str, Any]:
    """Photographs that validate and test; of the tested, each class and its lesions."""
    truth = judged.test["truth"]
    lesions = judged.test.drop_duplicates("group")["truth"]
    return {
        "valid": len(judged.valid[0]),
        "test": len(judged.test),
        "photographs": {
            name: int((truth == number).sum()) for number, name in enumerate(classes)
        },
        "lesions": {
            name: int((lesions == number).sum()) for number, name in enumerate(classes)
        },
    }
