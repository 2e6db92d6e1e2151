"""From a network's probabilities to those that hold where it is used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

SMALLEST = 5e-7  # probabilities are stored with six decimals
STEEPEST, FLATTEST = 0.05, 20.0  # temperatures that are searched
BINS = 10  # of the calibration error


@dataclass(frozen=True)
class Calibration:
    """How the probabilities of an arm become those of a place with a known prevalence.

    Parameters
    ----------
    trained : sequence of float
        Share of each class that the loss of training saw; see :func:`trained_shares`.
    validated : sequence of float
        Share of each class in the validation set, for which the temperature was fitted.
    prevalence : sequence of float
        Share of each class where the networks are used.
    temperature : float
        Logits are divided by it; above 1 the networks were too sure.
    """

    trained: Sequence[float]
    validated: Sequence[float]
    prevalence: Sequence[float]
    temperature: float

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """Calibrate probabilities, (N, C) to (N, C).

        The temperature comes first: a network is too sure of what it learned, and the
        shares of the classes are no part of that.
        """
        tempered = temper(probabilities, self.temperature)
        return shift_prior(tempered, self.trained, self.prevalence)


def trained_shares(
    counts: Sequence[int], *, balanced: bool, weighted: bool
) -> list[float]:
    """Share of each class as the loss of a training saw it.

    Parameters
    ----------
    counts : sequence of int
        Photographs of each class in the training set.
    balanced : bool
        Every class is shown equally often.
    weighted : bool
        The loss is weighted by the inverse of a class's share in the set.

    Returns
    -------
    list of float
        They sum to 1.
    """
    share = share_of(counts)
    seen = np.ones(len(share)) if balanced else np.array(share)
    return share_of(seen / share if weighted else seen)


def share_of(counts: Sequence[float] | np.ndarray) -> list[float]:
    """Divide counts by their sum; none counts as one half, so that no share is 0."""
    least = np.where(np.asarray(counts, float) > 0, counts, 0.5)
    return [float(share) for share in least / least.sum()]


def shift_prior(
    probabilities: np.ndarray, before: Sequence[float], after: Sequence[float]
) -> np.ndarray:
    """Move probabilities from one share of the classes to another.

    By Bayes' rule, where pictures of a class look the same in both places (Saerens,
    Latinne and Decaestecker, 2002, equation 2.4).

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, C)
        Rows sum to 1.
    before, after : sequence of float
        Share of each class; `before` holds no 0.

    Returns
    -------
    ndarray of float, shape (N, C)
        Rows sum to 1.
    """
    moved = probabilities * (np.asarray(after, float) / np.asarray(before, float))
    return np.asarray(moved / moved.sum(axis=1, keepdims=True))


def temper(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide logits by a temperature (Guo et al., 2017), (N, C) to (N, C)."""
    logits = np.log(np.clip(probabilities, SMALLEST, None)) / temperature
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def fit_calibration(
    probabilities: np.ndarray,
    truth: np.ndarray,
    *,
    trained: Sequence[float],
    prevalence: Sequence[float] | None,
) -> Calibration:
    """Fit a calibration on the validation set.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, C)
        Of the networks.
    truth : ndarray of int, shape (N,)
        Class numbers.
    trained : sequence of float
        From :func:`trained_shares`.
    prevalence : sequence of float or None
        Share of each class where the networks are used; None: as here.

    Returns
    -------
    Calibration
    """
    validated = share_of(np.bincount(truth, minlength=probabilities.shape[1]))
    temperature = fit_temperature(probabilities, truth, before=trained, after=validated)
    return Calibration(trained, validated, prevalence or validated, temperature)


def fit_temperature(
    probabilities: np.ndarray,
    truth: np.ndarray,
    *,
    before: Sequence[float],
    after: Sequence[float],
) -> float:
    """Find the temperature of the lowest log loss once the prior is shifted.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, C)
        Of the validation set.
    truth : ndarray of int, shape (N,)
        Class numbers.
    before, after : sequence of float
        Share of each class in training and in the validation set.

    Returns
    -------
    float
        In 0.05..20.
    """
    rows = np.arange(len(truth))

    def loss(exponent: float) -> float:
        tempered = temper(probabilities, float(np.exp(exponent)))
        chosen = shift_prior(tempered, before, after)[rows, truth]
        return float(-np.log(np.clip(chosen, SMALLEST, None)).mean())

    bounds = np.log([STEEPEST, FLATTEST])
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def measure_calibration(
    probabilities: np.ndarray,
    truth: np.ndarray,
    *,
    positive: int,
    prevalence: Sequence[float],
) -> dict[str, float | None]:
    """Measure how far probabilities are from what is found, in a place of a prevalence.

    Photographs of a class count together as its prevalence, whatever their number.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, C)
        Of the test set.
    truth : ndarray of int, shape (N,)
        Class numbers.
    positive : int
        Number of the positive class.
    prevalence : sequence of float
        Share of each class.

    Returns
    -------
    dict
        ``log_loss`` in nats, and ``calibration_error``: the mean distance of the
        positive class's probability from its share, in ten bins of equal weight (Nguyen
        and O'Connor, 2015). None where a class has no photograph.
    """
    counts = np.bincount(truth, minlength=len(prevalence))
    if not counts.all():
        return {"log_loss": None, "calibration_error": None}
    weights = (np.asarray(prevalence) / counts)[truth]
    given = np.clip(probabilities[np.arange(len(truth)), truth], SMALLEST, None)
    score = probabilities[:, positive]
    order = np.argsort(score, kind="stable")
    ends = np.cumsum(weights[order])
    bins = np.minimum((ends - weights[order] / 2) * BINS, BINS - 1).astype(int)
    missing = (weights * (score - (truth == positive)))[order]
    return {
        "log_loss": round(float(-(weights * np.log(given)).sum()), 6),
        "calibration_error": round(float(np.abs(np.bincount(bins, missing)).sum()), 6),
    }
