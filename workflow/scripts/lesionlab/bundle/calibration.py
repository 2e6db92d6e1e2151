"""From a network's probabilities to those that hold where it is used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

SMALLEST = 5e-7  # probabilities are stored with six decimals
STEEPEST, FLATTEST = 0.05, 20.0  # temperatures that are searched


@dataclass(frozen=True)
class Calibration:
    """How the probabilities of an arm become those of a place with a known prevalence.

    Parameters
    ----------
    trained : sequence of float
        Share of each class among what the networks were shown in training.
    validated : sequence of float
        Share of each class in the validation set, at which the temperature was fitted.
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
        """Calibrate probabilities, (N, C) to (N, C)."""
        p = shift_prior(probabilities, self.trained, self.validated)
        return shift_prior(temper(p, self.temperature), self.validated, self.prevalence)


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


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Find the temperature of the lowest log loss.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, C)
        Of the validation set.
    truth : ndarray of int, shape (N,)
        Class numbers.

    Returns
    -------
    float
        In 0.05..20.
    """
    rows = np.arange(len(truth))

    def loss(exponent: float) -> float:
        chosen = temper(probabilities, float(np.exp(exponent)))[rows, truth]
        return float(-np.log(np.clip(chosen, SMALLEST, None)).mean())

    bounds = np.log([STEEPEST, FLATTEST])
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
