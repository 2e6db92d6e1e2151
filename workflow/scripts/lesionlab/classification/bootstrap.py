"""Lesion-clustered bootstrap: photographs of a lesion are drawn together."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lesionlab.randomness import BOOTSTRAP, generator

Score = Callable[[np.ndarray], Mapping[str, float | None]]


def draw_weights(groups: Sequence[str], *, replicates: int, seed: int) -> np.ndarray:
    """Draw how often each photograph counts in each replicate.

    As many groups as there are, are drawn with replacement; a photograph counts as
    often as its group was drawn (Field and Welsh, 2007, the cluster bootstrap).

    Parameters
    ----------
    groups : sequence of str
        Group of each of the N photographs.
    replicates : int
        Number of replicates R.
    seed : int
        Equal seeds and groups give equal draws, whatever is scored: so differences of
        arms are paired.

    Returns
    -------
    ndarray of int, shape (R, N)
        Weights.
    """
    names, member = np.unique(np.asarray(groups, str), return_inverse=True)
    draw = generator(BOOTSTRAP, seed)
    count = len(names)
    drawn = draw.multinomial(count, np.full(count, 1 / count), size=replicates)
    return np.asarray(drawn[:, member])


def bootstrap(
    score: Score, weights: np.ndarray, *, confidence: float
) -> dict[str, dict[str, Any]]:
    """Score all photographs, and an interval from the replicates.

    Parameters
    ----------
    score : Callable
        Of weights (N,): metrics by name, None where undefined.
    weights : ndarray of int, shape (R, N)
        From :func:`draw_weights`.
    confidence : float
        Of the percentile interval, in 0..1.

    Returns
    -------
    dict
        By metric ``{value, low, high}``; replicates in which a metric is undefined are
        left out, and an interval needs half of them.
    """
    value = score(np.ones(weights.shape[1]))
    draws = [score(row) for row in weights]
    tails = [50 * (1 - confidence), 50 * (1 + confidence)]
    intervals = {}
    for name, figure in value.items():
        column = [d for draw in draws if (d := draw[name]) is not None]
        enough = figure is not None and len(column) >= len(draws) / 2
        low, high = np.percentile(column, tails) if enough else (None, None)
        intervals[name] = {
            "value": _round(figure),
            "low": _round(low),
            "high": _round(high),
        }
    return intervals


def _round(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)
