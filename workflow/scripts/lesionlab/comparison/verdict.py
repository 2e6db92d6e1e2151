"""The verdict on one pair of arms, and what the design could have shown."""

from typing import Any

import numpy as np

from lesionlab.comparison.estimates import Estimate, over_both, rounded
from lesionlab.statistics.metrics import LOWER_IS_BETTER
from lesionlab.statistics.power import detectable, plan
from lesionlab.statistics.variance import standard_error

HELPED, HURT = "helped", "hurt"
NO_DIFFERENCE, UNDECIDED = "no difference that matters", "undecided"
ONE_TRAINING, TOO_SMALL = "one training", "too small"


def judge(
    figure: Estimate | None, *, metric: str, margin: float, confidence: float
) -> dict[str, Any]:
    """Judge a difference by its interval over lesions and trainings.

    Parameters
    ----------
    figure : Estimate or None
        The difference by the primary metric.
    metric : str
        The primary metric: of a loss, less is better.
    margin : float
        The smallest difference that matters.
    confidence : float
        Of the interval, in 0..1.

    Returns
    -------
    dict
        ``kind``: *no difference that matters* where the interval lies inside the
        margin; else *helped* or *hurt* where it leaves out 0, *undecided* where it does
        not; *one training* where there is no such interval; *too small* where the
        metric is undefined or nothing varies, as where all networks are perfect.
        ``plan``, of :func:`lesionlab.statistics.power.plan`, where undecided, and
        ``detectable``.
    """
    kind, reach, advice = TOO_SMALL, None, None
    if figure is not None and not np.isnan(figure.variance.fixed):
        low, high = over_both(figure, confidence)
        if low is None or high is None:
            kind = ONE_TRAINING
        elif standard_error(figure.variance):  # else nothing varies: it tells nothing
            kind = _kind(low, high, metric=metric, margin=margin)
            reach = rounded(detectable(figure.variance, confidence=confidence))
            if kind == UNDECIDED:
                advice = plan(figure.variance, margin=margin, confidence=confidence)
    return {
        "kind": kind,
        "metric": metric,
        "margin": margin,
        "detectable": reach,
        "plan": advice,
    }


def _kind(low: float, high: float, *, metric: str, margin: float) -> str:
    if metric in LOWER_IS_BETTER:
        low, high = -high, -low
    if -margin < low and high < margin:
        return NO_DIFFERENCE
    if low > 0:
        return HELPED
    return HURT if high < 0 else UNDECIDED


def split(figure: Estimate | None) -> dict[str, Any]:
    """Say where the variance of a difference comes from, as standard deviations.

    Parameters
    ----------
    figure : Estimate or None
        Of two arms.

    Returns
    -------
    dict
        ``lesions``, ``interaction``, ``trainings`` and ``folds`` of the difference of
        one pair of trainings; ``error``, the standard error of the mean over lesions
        and trainings, and ``error_lesions``, that over lesions alone. None where it
        cannot be told apart: with one training a fold, ``lesions`` holds the
        interaction and ``folds`` the trainings.
    """
    names = ("lesions", "interaction", "trainings", "folds")
    if figure is None:
        return dict.fromkeys((*names, "error", "error_lesions"))
    variance = figure.variance
    between = variance.between if variance.folds > 1 else None
    parts = dict(zip(names, (*variance.single, between), strict=True))
    return {
        **{
            name: None if part is None else rounded(float(np.sqrt(part)))
            for name, part in parts.items()
        },
        "error": rounded(standard_error(variance)),
        "error_lesions": rounded(float(np.sqrt(variance.fixed))),
    }
