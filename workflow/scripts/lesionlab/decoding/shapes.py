"""Tell by its shape that a picture of two values marks no lesion."""

import cv2
import numpy as np

# limits; what lies on either side was measured: see docs/data.md
NEARLY_FULL = 0.95  # share; a lesion of this size may lie in all corners
THIN = 12  # inscribed circles, at most, whose area a lesion has


def is_outline(lesion: np.ndarray) -> bool:
    """Tell a line around a lesion from the lesion: it is too thin for its area.

    Parameters
    ----------
    lesion : ndarray of bool, shape (height, width)
        Neither empty nor full.

    Returns
    -------
    bool
    """
    framed = np.pad(lesion, 1, mode="edge").astype(np.uint8)  # may be cut by the frame
    radius = float(cv2.distanceTransform(framed, cv2.DIST_L2, 3).max())
    return float(lesion.sum()) > THIN * np.pi * radius**2


def is_exchanged(lesion: np.ndarray) -> bool:
    """Tell a mask of the skin around a lesion: lesion and skin have changed places.

    It marks all four corners, and the whole edge of the photograph or less than 95 % of
    it. Measured: see docs/data.md.

    Parameters
    ----------
    lesion : ndarray of bool, shape (height, width)
        Neither empty nor full.

    Returns
    -------
    bool
    """
    if not lesion[[0, 0, -1, -1], [0, -1, 0, -1]].all():
        return False
    edges = (lesion[0], lesion[-1], lesion[:, 0], lesion[:, -1])
    return all(edge.all() for edge in edges) or float(lesion.mean()) < NEARLY_FULL
