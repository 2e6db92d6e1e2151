"""How much a photograph is like those that the networks learned from."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

SIDE = 512  # pixels of the longer side at which sharpness is measured
BRIGHT = 250  # of 255: a pixel whose darkest colour reaches it shows nothing
LEAST_GLARE = 0.01  # share of the pixels below which nobody calls it over-exposed
LEVELS = 8  # of each colour in a histogram
NEIGHBOUR = 5  # the distance to the fifth nearest training photograph counts

# each score, whether its limit is the least or the most, and what lies beyond
SCORES = {
    "sharpness": ("least", "blurred"),
    "glare": ("most", "over-exposed"),
    "lesion_share": ("least", "no lesion found"),
    "distance": ("most", "unlike the training data"),
}


def measure_photograph(photograph: np.ndarray) -> dict[str, float]:
    """Measure sharpness and glare.

    Parameters
    ----------
    photograph : ndarray of uint8, shape (H, W, 3)
        RGB.

    Returns
    -------
    dict
        ``sharpness``, the logarithm of the deviation of the Laplacian (Pech-Pacheco et
        al., 2000) at 512 pixels, relative to the mean brightness, so that a dark
        photograph counts as no less sharp; and ``glare``, the share of burnt-out
        pixels.
    """
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    small = _shrink_longer_side(grey, SIDE)
    edges = cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_16S))[1][0, 0]
    burnt = cv2.inRange(photograph, (BRIGHT,) * 3, (255,) * 3)
    return {
        "sharpness": float(np.log10((edges + 0.01) / (cv2.mean(small)[0] + 1))),
        "glare": cv2.countNonZero(burnt) / grey.size,
    }


def _shrink_longer_side(grey: np.ndarray, side: int) -> np.ndarray:
    """Average whole pixels first, so that the rest is less than a half, and fast."""
    height, width = grey.shape
    times = max(height, width) // side
    if times > 1:
        size = max(1, width // times), max(1, height // times)
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    scale = side / max(height, width)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR))


def describe_colours(pictures: np.ndarray) -> np.ndarray:
    """Describe pictures by their colours alone.

    Features of a network that was trained on lesions tell other things from them badly:
    it has learned to see nothing else. See docs/predict.md for what was measured.

    Parameters
    ----------
    pictures : ndarray of uint8, shape (N, H, W, 3)
        RGB, as a classifier is shown them.

    Returns
    -------
    ndarray of float32, shape (N, 512)
        Square root of the share of pixels of each colour, so that the cosine of two is
        their Bhattacharyya coefficient; each of length 1.
    """
    counts = [
        cv2.calcHist([one], [0, 1, 2], None, [LEVELS] * 3, [0, 256] * 3).ravel()
        for one in pictures
    ]
    return unit(np.sqrt(np.stack(counts)))


def rank_neighbours(
    features: np.ndarray, training: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest training photographs of each picture by cosine distance.

    Parameters
    ----------
    features : ndarray of float32, shape (N, F)
        Of the pictures.
    training : ndarray of float32, shape (M, F)
        Of the training photographs, each of length 1.

    Returns
    -------
    rows : ndarray of int, shape (N, K)
        Of the nearest, the nearest first.
    distances : ndarray of float32, shape (N, K)
        Theirs. To the last of them a picture is far that is like no training
        photographs (Sun et al., 2022).
    """
    distances = 1 - unit(features) @ training.T
    count = min(NEIGHBOUR, len(training))
    near = np.argpartition(distances, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1)
    rows = np.take_along_axis(near, order, axis=1)
    return rows, np.take_along_axis(distances, rows, axis=1)


def unit(features: np.ndarray) -> np.ndarray:
    """Scale each row to length 1, float32 (N, F)."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(length, 1e-12), np.float32)


def set_limits(scores: Mapping[str, np.ndarray], share: float) -> dict[str, float]:
    """Set limits beyond which a share of the validation photographs lies.

    Parameters
    ----------
    scores : Mapping of ndarray
        By name of :data:`SCORES`, each of shape (N,).
    share : float
        Of the validation photographs that each score may warn of, in 0..1.

    Returns
    -------
    dict
        By name. That of ``glare`` is at least 0.01: where no photograph is burnt out
        at all, a few bright pixels are no fault.
    """
    limits = {
        name: float(np.quantile(scores[name], share if side == "least" else 1 - share))
        for name, (side, _) in SCORES.items()
    }
    return {**limits, "glare": max(limits["glare"], LEAST_GLARE)}


def list_warnings(scores: Mapping[str, float], limits: Mapping[str, Any]) -> list[str]:
    """Name what lies beyond its limit; a lesion of no pixel at all always does."""
    found = []
    for name, (side, words) in SCORES.items():
        value, limit = scores[name], limits[name]
        beyond = value < limit if side == "least" else value > limit
        if beyond or (name == "lesion_share" and value == 0):
            found.append(words)
    return found
