"""Operating points: above which probability a photograph is sent on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from lesionlab.comparison.estimates import describe, estimate
from lesionlab.comparison.trainings import Fold, score_folds
from lesionlab.statistics.metrics import Outcome
from lesionlab.statistics.resampling import Lesions

CURVE = np.round(np.arange(0.50, 1.0, 0.01), 2)  # target sensitivities of the slider


def choose_threshold(
    scores: np.ndarray, diseased: np.ndarray, sensitivity: float
) -> float:
    """Choose a threshold that finds a wanted share of new photographs, on average.

    Of n diseased ones that are like each other, a new one is as likely below the k-th
    lowest as k / (n + 1): so the largest such k that is small enough (the quantile of
    conformal prediction; Vovk et al., 2005). The plain share of the n would miss too
    many. Where n is too small for any k, the lowest is taken.

    Parameters
    ----------
    scores : ndarray of float, shape (N,)
        Calibrated probability of the positive class.
    diseased : ndarray of bool, shape (N,)
        Whose class it is; of one photograph at least.
    sensitivity : float
        The wanted share, above 0, at most 1.

    Returns
    -------
    float
        A photograph is sent on if its probability is at least this. It lies half way
        down to the next lower score, so that rounding decides nothing.
    """
    ordered = np.sort(scores[diseased])
    place = int(np.floor((1 - sensitivity) * (len(ordered) + 1) + 1e-9))
    chosen = ordered[max(place, 1) - 1]
    below = scores[scores < chosen]
    return float((chosen + (below.max() if len(below) else 0)) / 2)


def score_decisions(
    sent: np.ndarray,
    diseased: np.ndarray,
    groups: Sequence[str],
    *,
    confidence: float,
) -> dict[str, dict[str, float | None]]:
    """Score which photographs are sent on, with intervals over lesions.

    Parameters
    ----------
    sent, diseased : ndarray of bool, shape (N,)
        Whether each test photograph is sent on, and should be.
    groups : sequence of str
        Lesion of each photograph.
    confidence : float
        Of the intervals, in 0..1.

    Returns
    -------
    dict
        ``sensitivity`` and ``specificity``, each ``value``, ``low``, ``high``: those of
        the report, Student's t on the scale of the logit with the jackknife's standard
        error over lesions, and Wilson's at 0 and 1. None where no photograph is of that
        kind.
    """
    right = {"sensitivity": (diseased, sent), "specificity": (~diseased, ~sent)}
    lesions = np.asarray(groups)
    return {
        name: _share(hit[meant], lesions[meant], confidence)
        for name, (meant, hit) in right.items()
    }


def _share(
    hit: np.ndarray, groups: np.ndarray, confidence: float
) -> dict[str, float | None]:
    """Share of photographs, as the sensitivity of those that are all of one class."""
    if not len(hit):
        return dict.fromkeys(("value", "low", "high"))
    truth = np.zeros(len(hit), int)
    outcome = Outcome(truth, np.stack([hit, ~hit], axis=1) * 1.0, positive=0)
    key = ("arm", "ensemble")
    folds = [Fold("all", pd.DataFrame(), {key: outcome}, Lesions(groups, truth))]
    scores = score_folds(folds, replicates=1, seed=0, metrics=("sensitivity",))
    return interval_of(
        describe(estimate(folds, scores, "sensitivity", "arm"), confidence)
    )


def interval_of(figure: Mapping[str, Any]) -> dict[str, float | None]:
    """Keep a figure and its interval over lesions alone."""
    names = {"value": "value", "low": "lesions_low", "high": "lesions_high"}
    return {name: figure[of_report] for name, of_report in names.items()}


def share_by_class(
    sent: np.ndarray, truth: np.ndarray, classes: Sequence[str]
) -> dict[str, float | None]:
    """Share of the photographs of each class that is sent on; None without any."""
    chosen = {name: sent[truth == number] for number, name in enumerate(classes)}
    return {
        name: round(float(own.mean()), 6) if len(own) else None
        for name, own in chosen.items()
    }


def predictive_value(
    shares: Sequence[float | None], prevalence: Sequence[float], positive: int
) -> float | None:
    """Share of the positive class among those that are sent on, by Bayes' rule.

    Parameters
    ----------
    shares : sequence of (float or None)
        Of each class that is sent on.
    prevalence : sequence of float
        Of each class.
    positive : int
        Number of the positive class.

    Returns
    -------
    float or None
        None where nothing is known of a class, or nothing is sent on.
    """
    known = [share for share in shares if share is not None]
    if len(known) < len(shares):
        return None
    sent = np.array(known) * np.asarray(prevalence)
    return round(float(sent[positive] / sent.sum()), 6) if sent.sum() else None
