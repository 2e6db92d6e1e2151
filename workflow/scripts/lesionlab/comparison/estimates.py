"""Figures of arms and their differences, each with its two intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import expit, logit
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from lesionlab.comparison.trainings import Fold, Scored, seeds_of
from lesionlab.statistics.metrics import LOWER_IS_BETTER, METRICS
from lesionlab.statistics.variance import (
    Variance,
    fixed_half_width,
    half_width,
    p_value,
    split_variance,
)

FEW = 20  # lesions of the positive class; with fewer, percentiles cover too little
Scores = Mapping[tuple[str, str, str], Scored]


@dataclass(frozen=True)
class Estimate:
    """A mean over folds and trainings, or the difference of two, with its variance.

    Parameters
    ----------
    points : ndarray of float, shape (K, J)
        Of each fold and training.
    value : float
        Their mean.
    replicates : ndarray of float, shape (R,)
        The mean under each draw of lesions.
    variance : Variance
        Of the mean.
    lesions : int
        Of the positive class, behind it.
    share : bool
        A metric in 0..1 of one arm, not a loss and not a difference.
    """

    points: np.ndarray
    value: float
    replicates: np.ndarray
    variance: Variance
    lesions: int
    share: bool = False


def estimate(
    folds: Sequence[Fold], scores: Scores, metric: str, *arms: str
) -> Estimate | None:
    """Estimate a metric of one arm, or the difference of two: second minus first.

    Metrics are computed within a fold and averaged, never pooled over folds, whose
    probabilities come from different networks. Arms are paired by seed.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`lesionlab.comparison.trainings.read_folds`.
    scores : Mapping
        From :func:`lesionlab.comparison.trainings.score_folds`.
    metric : str
        Of :data:`lesionlab.statistics.metrics.METRICS`.
    *arms : str
        One or two.

    Returns
    -------
    Estimate or None
        None where the metric is undefined in a fold or the arms share no seed.
    """
    seeds = seeds_of(folds, *arms)
    if not seeds:
        return None
    signs = {arms[-1]: 1.0} if len(arms) == 1 else {arms[0]: -1.0, arms[1]: 1.0}
    points, deviations, replicates = [], [], []
    for fold in folds:
        rows = [
            [(sign, scores[arm, fold.name, seed]) for arm, sign in signs.items()]
            for seed in seeds
        ]
        points.append([sum(s * p.values[metric] for s, p in row) for row in rows])
        columns = [_sum([s * p.deviations[metric] for s, p in row]) for row in rows]
        deviations.append(np.stack(columns, axis=1))
        draws = [_sum([s * p.replicates[metric] for s, p in row]) for row in rows]
        replicates.append(np.mean(draws, axis=0))
    values = np.array(points)
    if np.isnan(values).any():
        return None
    strata = [fold.lesions.stratum for fold in folds]
    positive = next(iter(folds[0].outcomes.values())).positive
    return Estimate(
        values,
        float(values.mean()),
        np.mean(replicates, axis=0),
        split_variance(values, deviations, strata),
        sum(int((stratum == positive).sum()) for stratum in strata),
        share=len(arms) == 1 and metric not in LOWER_IS_BETTER,
    )


def _sum(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.sum(parts, axis=0))


def over_lesions(
    figure: Estimate, confidence: float
) -> tuple[float | None, float | None]:
    """Interval over lesions: these networks, other lesions.

    Of a difference or a loss, percentiles of the bootstrap (Efron and Tibshirani,
    1993), or, with few lesions of the positive class, Student's t with the jackknife's
    standard error. Of a share, Student's t on the scale of its logit. An interval of
    percentiles needs half of the replicates.

    Parameters
    ----------
    figure : Estimate
        From :func:`estimate`.
    confidence : float
        In 0..1.

    Returns
    -------
    tuple of float or None
        Low and high.
    """
    if np.isnan(figure.variance.fixed):
        return None, None
    if figure.share or figure.lesions < FEW:
        half = fixed_half_width(figure.variance, confidence)
        return _bounds(figure, half, confidence)
    defined = figure.replicates[~np.isnan(figure.replicates)]
    if len(defined) < len(figure.replicates) / 2 or not len(defined):
        return None, None
    low, high = np.percentile(defined, [50 * (1 - confidence), 50 * (1 + confidence)])
    return float(low), float(high)


def over_both(figure: Estimate, confidence: float) -> tuple[float | None, float | None]:
    """Interval over lesions and trainings: other lesions, other trainings.

    Parameters
    ----------
    figure : Estimate
        From :func:`estimate`.
    confidence : float
        In 0..1.

    Returns
    -------
    tuple of float or None
        Low and high; None where there is one training.
    """
    half = half_width(figure.variance, confidence)
    if half is None or np.isnan(half):
        return None, None
    return _bounds(figure, half, confidence)


def _bounds(figure: Estimate, half: float, confidence: float) -> tuple[float, float]:
    """Bounds about the value; those of a share stay within 0..1.

    On the scale of its logit a share is about normal, and the half width is divided by
    value (1 - value), the delta method. At 0 and 1, where nothing varies, it is
    Wilson's (1927) interval of as many draws as there are lesions.
    """
    value = figure.value
    if not figure.share:
        return value - half, value + half
    if not 0 < value < 1:
        low, high = proportion_confint(
            value * figure.lesions, figure.lesions, 1 - confidence, method="wilson"
        )
        return float(low), float(high)
    reach = half / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def describe(figure: Estimate | None, confidence: float) -> dict[str, Any]:
    """Give a figure with its two intervals, rounded.

    Parameters
    ----------
    figure : Estimate or None
        From :func:`estimate`.
    confidence : float
        In 0..1.

    Returns
    -------
    dict
        ``value``; ``lesions_low`` and ``lesions_high`` over lesions; ``low`` and
        ``high`` over lesions and trainings; ``trainings``, how many of each arm stand
        behind it. None where undefined.
    """
    if figure is None:
        names = ("value", "lesions_low", "lesions_high", "low", "high")
        return {**dict.fromkeys(names), "trainings": 0}
    lesions_low, lesions_high = over_lesions(figure, confidence)
    low, high = over_both(figure, confidence)
    return {
        "value": rounded(figure.value),
        "lesions_low": rounded(lesions_low),
        "lesions_high": rounded(lesions_high),
        "low": rounded(low),
        "high": rounded(high),
        "trainings": figure.points.size,
    }


def compare_pairs(
    folds: Sequence[Fold],
    scores: Scores,
    arms: Sequence[str],
    *,
    primary: str,
    confidence: float,
) -> list[dict[str, Any]]:
    """Compare every pair of arms by every metric.

    Parameters
    ----------
    folds, scores
        As in :func:`estimate`.
    arms : sequence of str
        The first is the baseline.
    primary : str
        The metric that decides. The others of a pair are one family, whose p-values
        are adjusted by Holm's (1979) method.
    confidence : float
        Of the intervals, in 0..1.

    Returns
    -------
    list of dict
        ``a``, ``b``, ``metric``, ``difference`` (b minus a), the bounds of
        :func:`describe`, ``p_value`` over lesions and trainings, ``p_holm`` (None for
        the primary metric), ``trainings``.
    """
    rows = []
    for a, b in combinations(arms, 2):
        family = []
        for metric in METRICS:
            figure = estimate(folds, scores, metric, a, b)
            bounds = describe(figure, confidence)
            p = None if figure is None else p_value(figure.value, figure.variance)
            row = {
                "a": a,
                "b": b,
                "metric": metric,
                "difference": bounds.pop("value"),
                **bounds,
                "p_value": rounded(p),
                "p_holm": None,
            }
            if metric != primary and p is not None and not np.isnan(p):
                family.append(row)
            rows.append(row)
        if family:
            p_values = [row["p_value"] for row in family]
            adjusted = multipletests(p_values, method="holm")[1]
            for row, p in zip(family, adjusted, strict=True):
                row["p_holm"] = rounded(p)
    return rows


def rounded(value: float | None) -> float | None:
    """Round to six decimals; NaN is None."""
    return None if value is None or np.isnan(value) else round(float(value), 6)
