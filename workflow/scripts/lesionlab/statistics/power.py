"""What a design could have shown, and which design would show more."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import nctdtrinc, ndtri

from lesionlab.statistics.variance import Variance, degrees_of_freedom, half_width

POWER = 0.8
MOST_TRAININGS = 50  # of an arm and fold; more is no plan
MANY = 1e4  # degrees of freedom: Student's t is normal
FACTORS = (1.5, 2, 3, 5, 10, 20, 50, 100)  # times as many test lesions


def detectable(variance: Variance, *, confidence: float) -> float | None:
    """Smallest true difference whose interval leaves out 0 in 80 % of such studies.

    The difference in standard errors has a noncentral t distribution (Hillis,
    Obuchowski and Berbaum, 2011); its critical value is the half width of the interval
    in standard errors.

    Parameters
    ----------
    variance : Variance
        Of the difference.
    confidence : float
        Of the interval.

    Returns
    -------
    float or None
        None where there is one training, 0 where nothing varies.
    """
    half = half_width(variance, confidence)
    if half is None or variance.rest is None:
        return None
    error = float(np.sqrt(variance.lesions + variance.rest))
    if not error:
        return 0.0
    critical, df = half / error, degrees_of_freedom(variance, confidence)
    if df > MANY:
        return (critical + float(ndtri(POWER))) * error
    return float(nctdtrinc(df, 1 - POWER, critical)) * error


def redesign(variance: Variance, *, trainings: int, factor: float) -> Variance:
    """Reckon the variance of another design from the parts of this one.

    Parameters
    ----------
    variance : Variance
        Of the difference, from two trainings or more.
    trainings : int
        Of each arm and fold; at least 2 where there is one fold.
    factor : float
        Times as many test lesions.

    Returns
    -------
    Variance
        Where the interaction is not known, all that lesions do is taken for shared, and
        with one training a fold all else for the fold's: more trainings change nothing.
    """
    lesions, mixed, own = (part or 0.0 for part in variance.single)
    folds, seen = variance.folds, lesions / factor
    rest = (own + mixed / factor) / trainings
    if folds > 1:
        seen, rest = 0.0, (variance.between + seen + rest) / folds
    return replace(
        variance,
        trainings=trainings,
        fixed=(lesions + mixed / trainings) / factor / folds,
        lesions=seen,
        lesions_df=variance.lesions_df * factor,
        rest=rest,
        rest_df=folds - 1 if folds > 1 else trainings - 1,
    )


def plan(variance: Variance, *, margin: float, confidence: float) -> Mapping[str, Any]:
    """Find what would show a difference as large as the margin.

    Parameters
    ----------
    variance : Variance
        Of the difference, from two trainings or more.
    margin : float
        The smallest difference that matters.
    confidence : float
        Of the interval.

    Returns
    -------
    dict
        ``trainings`` (of each arm and fold, with these lesions),
        ``lesions`` (times as many test lesions, with these trainings) and ``both``
        (trainings, times), the fewest trainings that some number of lesions makes
        enough; None where none is enough, or where one training a fold does not tell
        what more would do.
    """

    def shows(trainings: int, factor: float) -> bool:
        other = redesign(variance, trainings=trainings, factor=factor)
        reach = detectable(other, confidence=confidence)
        return reach is not None and reach <= margin

    counts = range(variance.trainings + 1, MOST_TRAININGS + 1)
    if variance.trainings == 1:
        counts = range(0)
    trainings = next((n for n in counts if shows(n, 1)), None)
    factor = next((f for f in FACTORS if shows(variance.trainings, f)), None)
    both = None
    if trainings is None and factor is None:
        pairs = ((n, f) for n in counts for f in FACTORS if shows(n, f))
        both = next(pairs, None)
    return {
        "trainings": trainings,
        "lesions": factor,
        "both": both,
    }
