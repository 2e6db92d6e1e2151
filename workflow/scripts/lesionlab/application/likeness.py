"""How much a photograph is like those that the networks learned from."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

SIDE = 256  # pixels of the longer side at which sharpness is measured
BRIGHT = 250  # of 255: a pixel whose darkest colour reaches it shows nothing
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
        ``sharpness``, the logarithm of the variance of the Laplacian (Pech-Pacheco et
        al., 2000) at 256 pixels, and ``glare``, the share of burnt-out pixels.
    """
    height, width = photograph.shape[:2]
    scale = SIDE / max(height, width)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    small = cv2.resize(photograph, size, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return {
        "sharpness": float(np.log10(cv2.Laplacian(grey, cv2.CV_32F).var() + 1e-3)),
        "glare": float((small.min(axis=2) >= BRIGHT).mean()),
    }


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
        Theirs. To the last of them a picture is far that no training photographs are
        like (Sun et al., 2022).
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
        By name.
    """
    return {
        name: float(
            np.quantile(scores[name], share)
            if side == "least"
            else np.quantile(scores[name], 1 - share)
        )
        for name, (side, _) in SCORES.items()
    }


def list_warnings(scores: Mapping[str, float], limits: Mapping[str, Any]) -> list[str]:
    """Name what lies beyond its limit; a lesion of no pixel at all always does."""
    found = []
    for name, (side, words) in SCORES.items():
        value, limit = scores[name], limits[name]
        beyond = value < limit if side == "least" else value > limit
        if beyond or (name == "lesion_share" and value == 0):
            found.append(words)
    return found
