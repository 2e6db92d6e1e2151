"""Verify that two photographs show one lesion: align them and correlate the overlap."""

from dataclasses import dataclass

import cv2
import numpy as np

RATIO = 0.85  # of the distances to the nearest and the second descriptor, at most
TOLERANCE = 1 / 75  # of the longer side, between a point and its aligned partner
ZOOM = 5.0  # at most, either way
WORTH_ALIGNING = 4  # points; two always agree on a similarity, three often
BORDER = 7  # pixels of the overlap's edge that are left out
DARK = 25  # grey level of the ring around the field of view
DETAIL, SHADE = 1.0, 12.0  # pixels: what is between them is correlated
SMALLEST = 200  # pixels of lesion to correlate


@dataclass(frozen=True)
class Alignment:
    """How one photograph lies on another.

    Parameters
    ----------
    inliers : int
        Distinct pairs of points that agree.
    motion : ndarray of float64, (2, 3), or None
        Similarity from a to b in pixels at working size.
    """

    inliers: int
    motion: np.ndarray | None

    @property
    def zoom(self) -> float:
        """Size in b of what has size 1 in a; NaN without a motion."""
        return float("nan") if self.motion is None else _zoom(self.motion)

    @property
    def turn(self) -> float:
        """Degrees; NaN without a motion."""
        if self.motion is None:
            return float("nan")
        return float(np.degrees(np.arctan2(self.motion[1, 0], self.motion[0, 0])))


def align(
    a: tuple[np.ndarray, np.ndarray],
    b: tuple[np.ndarray, np.ndarray],
    *,
    side: float,
) -> Alignment:
    """Align two photographs by their points (RANSAC, Fischler and Bolles 1981).

    Parameters
    ----------
    a, b : tuple of ndarray
        Points (n, 2) in pixels and descriptors (n, 128) of uint8.
    side : float
        Longer side of b in pixels at working size.

    Returns
    -------
    Alignment
        With 0 inliers where too few points are alike to be worth it.
    """
    first, second = _pair_points(a[1], b[1])
    if len(first) < WORTH_ALIGNING:
        return Alignment(0, None)
    here, there = a[0][first], b[0][second]
    motion, inside = cv2.estimateAffinePartial2D(
        here,
        there,
        method=cv2.RANSAC,
        ransacReprojThreshold=TOLERANCE * side,
        maxIters=2000,
        confidence=0.999,
    )
    if motion is None or not 1 / ZOOM < _zoom(motion) < ZOOM:
        return Alignment(0, None)
    agreeing = np.column_stack([here, there])[inside.ravel() > 0]
    # SIFT gives a point several descriptors: it counts once
    distinct = np.unique(np.round(agreeing / 2), axis=0)
    return Alignment(len(distinct), motion)


def _pair_points(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pair descriptors that are each other's nearest, and clearly so (Lowe 2004)."""
    if min(len(a), len(b)) < 3:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    a, b = a.astype(np.float32), b.astype(np.float32)
    distance = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    rows = np.arange(len(a))
    nearest = distance.argmin(axis=1)
    mutual = distance.argmin(axis=0)[nearest] == rows
    best = distance[rows, nearest]
    distance[rows, nearest] = np.inf
    mutual &= best < RATIO**2 * distance.min(axis=1)
    return rows[mutual], nearest[mutual]


def _zoom(motion: np.ndarray) -> float:
    return float(np.hypot(motion[0, 0], motion[1, 0]))


def correlate(
    greys: tuple[np.ndarray, np.ndarray],
    masks: tuple[np.ndarray, np.ndarray],
    motion: np.ndarray,
) -> tuple[float, float]:
    """Correlate two aligned photographs where either has its lesion.

    Light and vignette are taken off first (a local mean), the dark ring around the
    field of view and the edge of the overlap are left out: what all photographs of a
    camera share shall not make a match.

    Parameters
    ----------
    greys : tuple of ndarray of uint8, (h, w)
        The photographs a and b at working size.
    masks : tuple of ndarray of bool, (h, w)
        Their lesions.
    motion : ndarray, (2, 3)
        From a to b.

    Returns
    -------
    correlation : float
        Pearson's, in -1..1; NaN where less than ``SMALLEST`` pixels of lesion overlap.
    overlap : float
        Share of the coarser photograph that both show, in 0..1.
    """
    (moved, fixed), (moved_mask, fixed_mask) = greys, masks
    if _zoom(motion) > 1:  # the sharper is brought onto the coarser
        motion = cv2.invertAffineTransform(motion)
        moved, fixed, moved_mask, fixed_mask = fixed, moved, fixed_mask, moved_mask
    size = fixed.shape[::-1]
    blurred = cv2.GaussianBlur(moved, (0, 0), max(0.5 / _zoom(motion) - 0.3, 0.3))
    warped = cv2.warpAffine(blurred, motion, size).astype(np.float32)
    shown = cv2.warpAffine(
        np.ones(moved.shape, np.uint8), motion, size, flags=cv2.INTER_NEAREST
    )
    shown = cv2.erode(shown, np.ones((BORDER, BORDER), np.uint8))
    inside: np.ndarray = (shown > 0) & (warped > DARK) & (fixed > DARK)
    lesion = cv2.warpAffine(
        moved_mask.astype(np.uint8), motion, size, flags=cv2.INTER_NEAREST
    )
    lesion = ((lesion > 0) | fixed_mask) & inside
    overlap = float(inside.mean())
    if lesion.sum() < SMALLEST:
        return float("nan"), overlap
    details = [
        _take_off_shade(picture, inside)[lesion]
        for picture in (warped, fixed.astype(np.float32))
    ]
    first, second = (detail - detail.mean() for detail in details)
    spread = float(np.sqrt((first**2).sum() * (second**2).sum()))
    product = float((first * second).sum())
    return (product / spread if spread > 0 else float("nan")), overlap


def _take_off_shade(picture: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Subtract the local mean over the overlap, so that its edge leaves no step."""
    weight = inside.astype(np.float32)
    total = cv2.GaussianBlur(picture * weight, (0, 0), SHADE)
    mean = total / np.maximum(cv2.GaussianBlur(weight, (0, 0), SHADE), 1e-3)
    return cv2.GaussianBlur(picture, (0, 0), DETAIL) - mean
