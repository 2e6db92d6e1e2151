"""Find the photographs of one lesion that bear two lesion_ids."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from lesionlab.decoding.masks import read_mask
from lesionlab.lesions.candidates import propose_pairs
from lesionlab.lesions.features import Features, describe_all, read_grey, working_size
from lesionlab.lesions.verification import (
    WORTH_ALIGNING,
    Alignment,
    align,
    correlate,
)
from lesionlab.lesions.vocabulary import assign_words

BLOCK = 256  # pairs at a time
EVIDENCE = ["image_a", "image_b", "inliers", "zoom", "turn", "overlap", "correlation"]


def match_photographs(
    images: pd.DataFrame, root: Path, *, workers: int
) -> pd.DataFrame:
    """Propose and verify pairs of photographs of different groups.

    Parameters
    ----------
    images : DataFrame
        The image table; its order does not matter.
    root : Path
        Of the data.
    workers : int
        Threads; the result does not depend on it.

    Returns
    -------
    DataFrame
        ``image_a``, ``image_b`` (``image_a`` comes first in the alphabet), ``inliers``
        (points that agree on one motion), ``zoom``, ``turn`` in degrees, ``overlap`` in
        0..1 and ``correlation`` of every proposed pair of ``WORTH_ALIGNING`` inliers or
        more; sorted by the two ids.

    Raises
    ------
    LabError
        If a photograph or mask cannot be read any more.
    """
    images = images.sort_values("image_id", kind="stable").reset_index(drop=True)
    paths = [root / name for name in images["image"]]
    sizes = list(zip(images["width"], images["height"], strict=True))
    features = describe_all(paths, sizes, workers=workers)
    words, n_words = assign_words(features.descriptors)
    groups = pd.factorize(images["group"])[0]
    pairs = propose_pairs(features, words, n_words, groups, workers=workers)
    aligned = align_all(features, pairs, workers=workers)
    with parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
        rows = Parallel()(
            delayed(measure_pair)(images.iloc[a], images.iloc[b], root, alignment)
            for a, b, alignment in aligned
        )
    return pd.DataFrame(rows, columns=EVIDENCE)


def align_all(
    features: Features, pairs: np.ndarray, *, workers: int
) -> list[tuple[int, int, Alignment]]:
    """Align pairs of photographs in parallel processes.

    Parameters
    ----------
    features : Features
        Of all photographs.
    pairs : ndarray of int64, (M, 2)
        Positions of photographs.
    workers : int
        Processes.

    Returns
    -------
    list of tuple of (int, int, Alignment)
        Pairs of ``WORTH_ALIGNING`` inliers or more, in order.
    """
    blocks = [pairs[start : start + BLOCK] for start in range(0, len(pairs), BLOCK)]
    with parallel_config("loky", n_jobs=workers, inner_max_num_threads=1):
        jobs = (delayed(_align_block)(features, block) for block in blocks)
        found = Parallel(return_as="generator")(jobs)
        bar = tqdm(found, "alignments", len(blocks), unit="block", disable=None)
        return [aligned for block in bar for aligned in block]


def _align_block(
    features: Features, pairs: np.ndarray
) -> list[tuple[int, int, Alignment]]:
    aligned = []
    for a, b in pairs.tolist():
        side = 2 * float(features.middles[b].max())
        aligned.append((a, b, align(features.of(a), features.of(b), side=side)))
    return [pair for pair in aligned if pair[2].inliers >= WORTH_ALIGNING]


def measure_pair(
    a: pd.Series, b: pd.Series, root: Path, alignment: Alignment
) -> tuple[str, str, int, float, float, float, float]:
    """Measure how alike two aligned photographs are.

    Parameters
    ----------
    a, b : Series
        Of the image table.
    root : Path
        Of the data.
    alignment : Alignment
        From a to b.

    Returns
    -------
    tuple
        The columns ``EVIDENCE``.
    """
    (grey_a, mask_a), (grey_b, mask_b) = (read_working(row, root) for row in (a, b))
    assert alignment.motion is not None
    correlation, overlap = correlate(
        (grey_a, grey_b), (mask_a, mask_b), alignment.motion
    )
    return (
        a["image_id"],
        b["image_id"],
        alignment.inliers,
        round(alignment.zoom, 3),
        round(alignment.turn, 1),
        round(overlap, 3),
        round(correlation, 3),
    )


def read_working(row: pd.Series, root: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read a photograph and its mask at the size at which photographs are compared.

    Parameters
    ----------
    row : Series
        Of the image table.
    root : Path
        Of the data.

    Returns
    -------
    grey : ndarray of uint8, (h, w)
    lesion : ndarray of bool, (h, w)
    """
    size = working_size(row["width"], row["height"])
    grey = read_grey(root / row["image"], width=row["width"], height=row["height"])
    mask = read_mask(root / row["mask"]).astype(np.uint8)
    return grey, cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) > 0
