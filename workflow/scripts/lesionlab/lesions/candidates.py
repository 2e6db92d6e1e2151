"""Propose the few pairs of photographs that are worth a close look.

Two votes, as in image retrieval (Sivic and Zisserman 2003; Jegou, Douze and Schmid
2008): photographs that share rare visual words are shortlisted; of these, those whose
shared words agree on one turn, zoom and shift (Lowe 2004, section 7.3) are proposed.
"""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_array
from tqdm import tqdm

from lesionlab.lesions.features import Features

SHORTLIST = 200  # photographs that share words, to be looked at for a common motion
PROPOSED = 4  # photographs proposed for each
COMMON = 200  # a word of more descriptors says nothing: hair, rulers, grain
BLOCK = 250  # photographs at a time
TURNS = 12  # bins of 30 degrees
CELL = 40.0  # pixels, bins of where the middle of one photograph lies in the other
CELLS = 32  # bins along an axis
LARGEST_ZOOM = 2.5  # in octaves


@dataclass(frozen=True)
class Index:
    """An inverted file: which descriptors bear a word, and what the word is worth.

    Parameters
    ----------
    features : Features
        Of all photographs.
    groups : ndarray of int64, (n_photographs,)
        Photographs of one group are known to show one lesion and are not proposed.
    words, owner : ndarray of int64, (N,)
        Word and photograph of each descriptor.
    weights : ndarray of float64, (N,)
        Of a vote by each descriptor.
    order : ndarray of int64, (N,)
        Descriptors sorted by word.
    bounds, size : ndarray of int64, (n_words + 1,), (n_words,)
        Where the descriptors of a word start in `order`, and how many count.
    table : csr_array, (n_photographs, n_words)
        What each word says of each photograph.
    """

    features: Features
    groups: np.ndarray
    words: np.ndarray
    owner: np.ndarray
    weights: np.ndarray
    order: np.ndarray
    bounds: np.ndarray
    size: np.ndarray
    table: csr_array


def propose_pairs(
    features: Features,
    words: np.ndarray,
    n_words: int,
    groups: np.ndarray,
    *,
    workers: int,
) -> np.ndarray:
    """Propose pairs of photographs by the words that they share.

    Parameters
    ----------
    features : Features
        Of all photographs.
    words : ndarray of int64, (N,)
        The word of each descriptor.
    n_words : int
        Size of the vocabulary.
    groups : ndarray of int64, (n_photographs,)
        Photographs of one group are known to show one lesion and are not proposed.
    workers : int
        Processes.

    Returns
    -------
    ndarray of int64, (M, 2)
        Positions of photographs, the lower first; rows ascend.
    """
    index = _build_index(features, words, n_words, groups)
    jobs = (
        delayed(_propose_block)(index, start) for start in range(0, len(groups), BLOCK)
    )
    blocks = Parallel(workers, return_as="generator")(jobs)
    total = -(-len(groups) // BLOCK)
    found = list(tqdm(blocks, "candidates", total, unit="block", disable=None))
    return np.unique(np.concatenate(found), axis=0)


def _build_index(
    features: Features, words: np.ndarray, n_words: int, groups: np.ndarray
) -> Index:
    count = len(groups)
    owner = np.repeat(np.arange(count), np.diff(features.starts))
    order = np.argsort(words, kind="stable")
    bounds = np.searchsorted(words[order], np.arange(n_words + 1))
    size = np.diff(bounds)
    rarity = np.log(max(len(words), 1) / np.maximum(size, 1))
    weights = rarity[words] ** 2
    size = np.where(size > COMMON, 0, size)
    table = _weigh_words(owner, words, np.where(size > 0, rarity, 0), count, n_words)
    return Index(features, groups, words, owner, weights, order, bounds, size, table)


def _propose_block(index: Index, start: int) -> np.ndarray:
    """Pairs of some photographs with any others."""
    shared = (index.table[start : start + BLOCK] @ index.table.T).tocsr()
    lookup = np.zeros(len(index.groups), bool)
    pairs = []
    for row in range(shared.shape[0]):
        photograph = start + row
        span = slice(shared.indptr[row], shared.indptr[row + 1])
        others, scores = shared.indices[span], shared.data[span]
        new = index.groups[others] != index.groups[photograph]
        shortlist = _highest(others[new], scores[new], SHORTLIST)
        lookup[shortlist] = True
        mine = np.arange(*index.features.starts[photograph : photograph + 2])
        each = index.size[index.words[mine]]
        a = np.repeat(mine, each)
        first = np.repeat(
            index.bounds[index.words[mine]] - np.cumsum(each) + each, each
        )
        b = index.order[first + np.arange(len(a))]
        met = lookup[index.owner[b]]
        lookup[shortlist] = False
        others, votes = _count_motions(index, a[met], b[met])
        pairs += [
            (min(photograph, other), max(photograph, other))
            for other in _highest(others, votes, PROPOSED)
        ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _weigh_words(
    owner: np.ndarray, words: np.ndarray, rarity: np.ndarray, count: int, n_words: int
) -> csr_array:
    """Table of photographs by words: rarity, over the root of the photograph's norm."""
    table = csr_array(
        (np.ones(len(words), np.float32), (owner, words)), shape=(count, n_words)
    )
    table.data = rarity[table.indices].astype(np.float32)
    table.eliminate_zeros()
    norm = np.sqrt(np.asarray((table * table).sum(axis=1)).ravel())
    lengths = np.diff(table.indptr)
    table.data /= np.repeat(np.sqrt(np.maximum(norm, 1e-9)), lengths).astype(np.float32)
    return table


def _highest(names: np.ndarray, scores: np.ndarray, number: int) -> np.ndarray:
    """Names of the highest scores; of equal ones the lowest names."""
    return names[np.lexsort((names, -scores))[:number]]


def _count_motions(
    index: Index, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Votes for the best motion onto each other photograph, neighbouring bins added."""
    features, owner = index.features, index.owner
    zoom = np.log2(features.sizes[b] / features.sizes[a])
    near = np.abs(zoom) < LARGEST_ZOOM
    a, b, zoom = a[near], b[near], np.exp2(zoom[near])
    if not len(a):
        return np.zeros(0, np.int64), np.zeros(0)
    degrees = (features.angles[b] - features.angles[a]) % 360
    turn = np.radians(degrees)
    x, y = (features.middles[owner[a]] - features.points[a]).T
    # where the middle of photograph a lies in b, if this pair of points is right
    middle_x = features.points[b, 0] + zoom * (np.cos(turn) * x - np.sin(turn) * y)
    middle_y = features.points[b, 1] + zoom * (np.sin(turn) * x + np.cos(turn) * y)
    cells = [
        np.clip(np.floor(middle / CELL) + CELLS // 4, 0, CELLS - 2).astype(np.int64)
        for middle in (middle_x, middle_y)
    ]
    turns = np.minimum(degrees * (TURNS / 360), TURNS - 1).astype(np.int64)
    bins = ((owner[b] * CELLS + cells[0]) * CELLS + cells[1]) * TURNS + turns
    bins, place = np.unique(bins, return_inverse=True)
    votes = np.bincount(place, index.weights[a])
    total = np.zeros(len(bins))
    turns = bins % TURNS
    for right in (0, 1):
        for below in (0, 1):
            for further in (0, 1):
                beside = bins - turns + (turns + further) % TURNS
                beside += (right * CELLS + below) * TURNS
                at = np.minimum(np.searchsorted(bins, beside), len(bins) - 1)
                total += np.where(bins[at] == beside, votes[at], 0)
    others = bins // (CELLS * CELLS * TURNS)
    starts = np.flatnonzero(np.r_[True, others[1:] != others[:-1]])
    return others[starts], np.maximum.reduceat(total, starts)
