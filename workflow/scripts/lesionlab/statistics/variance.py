"""Two chances behind a figure: other lesions, and other trainings.

A figure is a mean over K folds and J trainings a fold. It is the multi-reader
multi-case problem of diagnostic imaging with trainings as readers (Obuchowski and
Rockette, 1995; Hillis, 2007), and folds are its split-plot design (Obuchowski, 2012).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

# chosen on simulated studies for the coverage of the interval, see docs/method.md
SKEWNESS = 1.05
RELIEF = 1.5


@dataclass(frozen=True)
class Variance:
    """Variance of a mean over folds and trainings, by where it comes from.

    Parameters
    ----------
    folds, trainings : int
        K, and J of each fold.
    fixed : float
        Over lesions, for these networks.
    lesions : float
        In one fold, what all trainings share of it: more trainings do not lessen it.
    lesions_df : float
        Degrees of freedom of what lesions do, by Satterthwaite over folds and classes.
    rest : float or None
        The remainder: in one fold measured between trainings, their own part and their
        interaction with lesions; else measured between folds, and all there is. None
        where there is one training.
    rest_df : int
        Degrees of freedom of `rest`.
    single : tuple of (float or None)
        Variance of the figure of one training: lesions, their interaction with
        trainings, trainings; None where it cannot be told apart. With one training a
        fold, lesions hold the interaction.
    between : float
        Variance of a fold that its test lesions and, where a fold has several, its
        trainings do not explain: the lesions that were trained on, and with one
        training a fold that training.
    """

    folds: int
    trainings: int
    fixed: float
    lesions: float
    lesions_df: float
    rest: float | None
    rest_df: int
    single: tuple[float | None, float | None, float | None]
    between: float = 0.0


def split_variance(
    values: np.ndarray,
    deviations: Sequence[np.ndarray],
    strata: Sequence[np.ndarray],
) -> Variance:
    """Split the variance of the mean of `values`.

    In one fold it is C + MS / J: C is the covariance, over lesions, of the figures of
    different trainings, and MS the mean square of trainings, whose expectation holds
    their own variance and their interaction with lesions (Hillis, 2007, for the
    difference of two modalities read by the same readers). With several folds it is
    MS / K, MS being the mean square of the means of the folds: they differ in test
    lesions, in trainings and in the lesions that were trained on.

    Parameters
    ----------
    values : ndarray of float, shape (K, J)
        Figure of each fold and training, or the difference of two arms.
    deviations : sequence of ndarray of float, shape (L_k, J)
        For each fold, :func:`lesionlab.statistics.resampling.deviations` of its
        trainings.
    strata : sequence of ndarray of int, shape (L_k,)
        Class of each lesion of each fold.

    Returns
    -------
    Variance
        Covariances below 0 count as 0.
    """
    folds, trainings = values.shape
    within, shared, parts = [], [], []
    for part, stratum in zip(deviations, strata, strict=True):
        within.append(np.trace(part.T @ part) / trainings)
        own = [_covariance(part[stratum == name]) for name in np.unique(stratum)]
        sizes = np.bincount(stratum)[np.unique(stratum)]
        shared.append(sum(own))
        parts += list(zip(own, sizes - 1, strict=True))
    fixed = sum(float((p.sum(axis=1) ** 2).sum()) for p in deviations)
    fixed /= (folds * trainings) ** 2
    lesions_df = _freedom(parts)
    # np.maximum, since max drops a NaN
    one, common = float(np.mean(within)), float(np.maximum(0, np.mean(shared)))
    mixed, own_part = None, None
    if trainings > 1:
        mixed = float(np.maximum(0, one - common))
        centred = values - values.mean(axis=1, keepdims=True)
        spread = float((centred**2).sum() / (folds * (trainings - 1)))
        own_part = float(np.maximum(0, spread - mixed))
    between = 0.0
    if folds > 1:
        means = float(values.mean(axis=1).var(ddof=1))
        expected = common + ((mixed or 0.0) + (own_part or 0.0)) / trainings
        between = float(np.maximum(0, means - expected))
        lesions, rest, rest_df = 0.0, means / folds, folds - 1
    elif trainings > 1:
        lesions, rest, rest_df = common, spread / trainings, trainings - 1
    else:
        lesions, rest, rest_df = fixed, None, 0
    if rest == 0:  # they agree by chance: the lesions alone are left
        lesions = max(lesions, fixed)
    single = (common, mixed, own_part)
    return Variance(
        folds, trainings, fixed, lesions, lesions_df, rest, rest_df, single, between
    )


def _covariance(part: np.ndarray) -> float:
    """Mean covariance of different trainings, or the variance of a single one."""
    count = part.shape[1]
    squares = float((part**2).sum())
    if count == 1:
        return squares
    whole = float((part.sum(axis=1) ** 2).sum())
    return (whole - squares) / float(count * (count - 1))


def _freedom(parts: Sequence[tuple[float, int]]) -> float:
    """Degrees of freedom of a sum of variances (Satterthwaite, 1946; Welch, 1947)."""
    sizes = [(max(0.0, value), df) for value, df in parts if df > 0]
    squares = sum(value**2 / df for value, df in sizes)
    if squares == 0:
        return float("inf")
    return float(sum(value for value, _ in sizes) ** 2 / squares)


def half_width(variance: Variance, confidence: float) -> float | None:
    """Half width of the interval over lesions and trainings.

    Student's t with Satterthwaite's degrees of freedom, those of the lesions taken for
    many (Hillis, 2007). That covers too little where few trainings make most of the
    variance: their mean square is small by chance just when it claims many degrees of
    freedom. So the interval is never narrower than that of the trainings alone, which
    covers where lesions add nothing; where they do, that guard is too wide, and a part
    of their standard error, 1.5 over the square of the degrees of freedom, is taken off
    it. A twentieth is added to the mean square, since figures of trainings are skewed
    (no AUC passes 1), which Student's t pays for with coverage. Measured coverage:
    docs/method.md.

    Parameters
    ----------
    variance : Variance
        Of the mean.
    confidence : float
        In 0..1.

    Returns
    -------
    float or None
        None where there is one training.
    """
    widths = _half_widths(variance, confidence)
    return max(widths) if widths else None


def degrees_of_freedom(variance: Variance, confidence: float) -> float:
    """Degrees of freedom of the interval: of both chances, or of the trainings alone.

    Parameters
    ----------
    variance : Variance
        Of the mean, from two trainings or more.
    confidence : float
        Of the interval, in 0..1.

    Returns
    -------
    float
        Infinite where the trainings do not vary.
    """
    widths = _half_widths(variance, confidence)
    alone = widths is not None and widths[1] > widths[0]
    return float(variance.rest_df) if alone else _freedom_of_both(variance)


def _half_widths(variance: Variance, confidence: float) -> tuple[float, float] | None:
    """Half widths by both chances, and by the trainings alone."""
    error = standard_error(variance)
    if variance.rest is None or error is None:
        return None
    tail = (1 + confidence) / 2
    whole = stdtrit(_freedom_of_both(variance), tail) * error
    guard = stdtrit(variance.rest_df, tail) * np.sqrt(SKEWNESS * variance.rest)
    return float(whole), float(guard - _relief(variance))


def p_value(mean: float, variance: Variance) -> float | None:
    """Two-sided p of no difference: where the interval just reaches 0.

    Parameters
    ----------
    mean : float
        The difference.
    variance : Variance
        Of it.

    Returns
    -------
    float or None
        In 0..1; None where there is one training or nothing varies.
    """
    error = standard_error(variance)
    if variance.rest is None or not error:
        return None
    whole = stdtr(_freedom_of_both(variance), -abs(mean) / error)
    guard = 0.0
    if variance.rest > 0:
        distance = abs(mean) + _relief(variance)
        rest = np.sqrt(SKEWNESS * variance.rest)
        guard = stdtr(variance.rest_df, -distance / rest)
    return float(2 * max(whole, guard))


def standard_error(variance: Variance) -> float | None:
    """Give the standard error over both chances; None where there is one training."""
    if variance.rest is None:
        return None
    return float(np.sqrt(variance.lesions + SKEWNESS * variance.rest))


def _freedom_of_both(variance: Variance) -> float:
    rest = SKEWNESS * (variance.rest or 0.0)
    if rest == 0:
        return float("inf")
    return (variance.lesions + rest) ** 2 / rest**2 * variance.rest_df


def _relief(variance: Variance) -> float:
    return float(RELIEF / variance.rest_df**2 * np.sqrt(variance.lesions))


def fixed_half_width(variance: Variance, confidence: float) -> float:
    """Half width over lesions alone, for these networks: Student's t, few lesions."""
    tail = (1 + confidence) / 2
    return float(stdtrit(variance.lesions_df, tail) * np.sqrt(variance.fixed))
