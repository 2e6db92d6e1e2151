"""Describe photographs by local features (SIFT, Lowe 2004)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from lesionlab.decoding.photographs import orient, read_header
from lesionlab.errors import LabError

SIDE = 300  # pixels of the longer side at which photographs are compared
POINTS = 300  # descriptors a photograph at most
CONTRAST = 0.01  # skin has little; OpenCV's default finds nothing on half of it
LENGTH = 128  # of a descriptor
REDUCED = (
    (8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
    (4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    (2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
    (1, cv2.IMREAD_GRAYSCALE),
)


@dataclass(frozen=True)
class Features:
    """The local features of many photographs, one after another.

    Parameters
    ----------
    starts : ndarray of int64, (n_photographs + 1,)
        Rows of photograph i are ``starts[i]`` to ``starts[i + 1]``.
    middles : ndarray of float32, (n_photographs, 2)
        Middle of each photograph in pixels, x and y.
    points : ndarray of float32, (N, 2)
        x and y in pixels.
    sizes, angles : ndarray of float32, (N,)
        Pixels, degrees.
    descriptors : ndarray of uint8, (N, 128)
        RootSIFT (Arandjelovic and Zisserman 2012) in steps of 1/512.
    """

    starts: np.ndarray
    middles: np.ndarray
    points: np.ndarray
    sizes: np.ndarray
    angles: np.ndarray
    descriptors: np.ndarray

    def of(self, photograph: int) -> tuple[np.ndarray, np.ndarray]:
        """Points and descriptors of one photograph."""
        rows = slice(self.starts[photograph], self.starts[photograph + 1])
        return self.points[rows], self.descriptors[rows]


def read_grey(path: Path, *, width: int, height: int) -> np.ndarray:
    """Read a photograph grey, at the size at which photographs are compared.

    Parameters
    ----------
    path : Path
        Of the photograph.
    width, height : int
        Its own size in pixels.

    Returns
    -------
    ndarray of uint8, (h, w)
        The longer side is ``SIDE`` at most; a smaller photograph keeps its size.

    Raises
    ------
    LabError
        If it cannot be read.
    """
    longest = max(width, height)
    flag = next(flag for part, flag in REDUCED if part == 1 or longest >= part * SIDE)
    grey = None
    with suppress(OSError, cv2.error):
        content = path.read_bytes()
        encoded = np.frombuffer(content, np.uint8)
        grey = cv2.imdecode(encoded, flag | cv2.IMREAD_IGNORE_ORIENTATION)
    if grey is None:
        raise LabError(f"{path}: cannot be read any more; run index_images again")
    grey = orient(grey, read_header(content), size=(width, height))
    size = working_size(width, height)
    if grey.shape[::-1] == size:
        return grey
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def working_size(width: int, height: int) -> tuple[int, int]:
    """Width and height at which a photograph is compared."""
    scale = min(1.0, SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def describe(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the strongest points of a photograph and describe them.

    Parameters
    ----------
    grey : ndarray of uint8, (h, w)
        A photograph.

    Returns
    -------
    places : ndarray of float32, (n, 4)
        x, y, size in pixels, angle in degrees.
    descriptors : ndarray of uint8, (n, 128)
        RootSIFT; n is 0 where nothing is seen.
    """
    sift = cv2.SIFT.create(POINTS, contrastThreshold=CONTRAST)
    points, found = sift.detectAndCompute(grey, None)
    if not points:
        return np.zeros((0, 4), np.float32), np.zeros((0, LENGTH), np.uint8)
    places = np.array([(*p.pt, p.size, p.angle) for p in points[:POINTS]], np.float32)
    found = found[:POINTS]
    found = np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))
    return places, np.clip(np.round(found * 512), 0, 255).astype(np.uint8)


def describe_all(
    paths: Sequence[Path], sizes: Sequence[tuple[int, int]], *, workers: int
) -> Features:
    """Describe every photograph in parallel threads.

    Parameters
    ----------
    paths : sequence of Path
        Of the photographs.
    sizes : sequence of tuple of int
        Their widths and heights in pixels.
    workers : int
        Threads.

    Returns
    -------
    Features
        In the order of `paths`.
    """

    def describe_one(position: int) -> tuple[np.ndarray, np.ndarray]:
        width, height = sizes[position]
        return describe(read_grey(paths[position], width=width, height=height))

    # pages of memory that are never written to cost nothing
    places = np.empty((len(paths) * POINTS, 4), np.float32)
    descriptors = np.empty((len(paths) * POINTS, LENGTH), np.uint8)
    starts = np.zeros(len(paths) + 1, np.int64)
    with ThreadPoolExecutor(workers) as pool:
        found = pool.map(describe_one, range(len(paths)))
        bar = tqdm(found, "features", len(paths), unit="img", disable=None)
        for position, (place, descriptor) in enumerate(bar):
            rows = slice(starts[position], starts[position] + len(place))
            places[rows], descriptors[rows] = place, descriptor
            starts[position + 1] = rows.stop
    middles = np.array([working_size(*size) for size in sizes], np.float32) / 2
    x, y, size, angle = places[: starts[-1]].T
    points = np.column_stack([x, y])
    return Features(starts, middles, points, size, angle, descriptors[: starts[-1]])
