"""Give every local descriptor a visual word, so that alike ones share a word.

All sums are of whole numbers below 2**24, which float32 holds exactly: neither the
number of threads nor the order of a sum changes a word.
"""

import numpy as np
from scipy.sparse import csr_array

BLOCK = 20_000  # descriptors at a time
PER_WORD = 43  # descriptors of all photographs that share a word, on average
SAMPLES = 12  # descriptors a node that its place is learned from
ROUNDS = 5  # of k-means


def assign_words(descriptors: np.ndarray) -> tuple[np.ndarray, int]:
    """Quantise descriptors in a tree of two levels (Nister and Stewenius 2006).

    The number of words grows with the data, so that the number of descriptors that
    share a word does not: what follows is linear in the number of photographs.

    Parameters
    ----------
    descriptors : ndarray of uint8, (N, 128)
        In the order of the photographs.

    Returns
    -------
    words : ndarray of int64, (N,)
        In 0..``n_words - 1``.
    n_words : int
        At least 1.
    """
    branch = max(1, round((len(descriptors) / PER_WORD) ** 0.5))
    cells = _cluster(descriptors, np.arange(len(descriptors)), branch)
    words = np.zeros(len(descriptors), np.int64)
    order = np.argsort(cells, kind="stable")
    bounds = np.searchsorted(cells[order], np.arange(branch + 1))
    for cell in range(branch):
        rows = order[bounds[cell] : bounds[cell + 1]]
        words[rows] = cell * branch + _cluster(descriptors, rows, branch)
    return words, branch * branch


def _cluster(descriptors: np.ndarray, rows: np.ndarray, number: int) -> np.ndarray:
    """Learn nodes from a sample of some rows; give the nearest node of each row."""
    if not len(rows):
        return np.zeros(0, np.int64)
    sample = descriptors[_spread(rows, SAMPLES * number)]
    centres = sample[_spread(np.arange(len(sample)), number)].astype(np.float32)
    for _ in range(ROUNDS):
        nearest = _nearest(sample, centres)
        size = np.bincount(nearest, minlength=len(centres))
        ones = np.ones(len(sample), np.float32)
        place = (nearest, np.arange(len(sample)))
        chosen = csr_array((ones, place), shape=(len(centres), len(sample)))
        mean = np.round(
            (chosen @ sample.astype(np.float32)) / np.maximum(size, 1)[:, None]
        )
        centres = np.where(size[:, None] > 0, mean, centres).astype(np.float32)
    return _nearest(descriptors, centres, rows)


def _spread(rows: np.ndarray, number: int) -> np.ndarray:
    """Take so many rows at equal steps, or all."""
    steps = np.linspace(0, len(rows) - 1, min(number, len(rows)))
    return rows[steps.astype(np.int64)]


def _nearest(
    descriptors: np.ndarray, centres: np.ndarray, rows: np.ndarray | None = None
) -> np.ndarray:
    """Index of the nearest centre of each row by squared distance."""
    half = (centres**2).sum(axis=1) / 2
    rows = np.arange(len(descriptors)) if rows is None else rows
    nearest = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), BLOCK):
        block = descriptors[rows[start : start + BLOCK]].astype(np.float32)
        nearest[start : start + BLOCK] = (half - block @ centres.T).argmin(axis=1)
    return nearest
