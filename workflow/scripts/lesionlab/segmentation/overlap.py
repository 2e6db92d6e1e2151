"""Overlap of predicted and true masks, for one threshold or for all at once."""

from collections.abc import Iterable

import cv2
import numpy as np

THRESHOLDS = np.round(np.arange(0.02, 0.99, 0.02), 2)
FAILURE = 0.65  # ISIC 2018: a Jaccard below this counts as a failed segmentation


def quantise(probability: np.ndarray) -> np.ndarray:
    """Store a probability in 0..1 as uint8, times 255."""
    return np.asarray(np.rint(probability * 255), np.uint8)


def upsample(probability: np.ndarray, *, height: int, width: int) -> np.ndarray:
    """Enlarge a probability map bilinearly to the photograph's own size.

    Parameters
    ----------
    probability : ndarray of uint8, shape (h, w)
        Probability times 255.
    height, width : int
        Size of the photograph in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        Probability times 255.
    """
    size = (width, height)
    return np.asarray(cv2.resize(probability, size, interpolation=cv2.INTER_LINEAR))


def binarise(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Make a mask: lesion where the probability exceeds the threshold.

    Parameters
    ----------
    probability : ndarray of uint8
        Probability times 255.
    threshold : float
        In 0..1.

    Returns
    -------
    ndarray of bool
        Same shape.
    """
    return np.asarray(probability > np.floor(threshold * 255))


def jaccard_curve(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]],
    thresholds: np.ndarray = THRESHOLDS,
) -> np.ndarray:
    """Mean Jaccard index over images at every threshold.

    One histogram of the probabilities on the lesion and one off it hold the
    intersections and unions of all thresholds.

    Parameters
    ----------
    pairs : iterable of (ndarray of uint8, ndarray of bool)
        Probability times 255 and true mask, of one shape within a pair.
    thresholds : ndarray of float, shape (T,)
        In 0..1.

    Returns
    -------
    ndarray of float, shape (T,)
        Mean over images; an image whose union is empty counts as 1.
    """
    cuts = np.floor(thresholds * 255).astype(int)
    curves = []
    for probability, truth in pairs:
        inside = np.bincount(probability[truth], minlength=256)
        outside = np.bincount(probability[~truth], minlength=256)
        hits = inside.sum() - np.cumsum(inside)[cuts]
        false_alarms = outside.sum() - np.cumsum(outside)[cuts]
        union = inside.sum() + false_alarms
        curves.append(np.where(union > 0, hits / np.maximum(union, 1), 1.0))
    return np.asarray(np.mean(curves, axis=0))


def best_threshold(
    curve: np.ndarray, thresholds: np.ndarray = THRESHOLDS
) -> tuple[float, float]:
    """Find the threshold of the highest mean Jaccard.

    Parameters
    ----------
    curve : ndarray of float, shape (T,)
        From :func:`jaccard_curve`.
    thresholds : ndarray of float, shape (T,)
        In 0..1.

    Returns
    -------
    threshold, jaccard : float
        The lowest threshold among equals.
    """
    best = int(np.argmax(curve))
    return float(thresholds[best]), float(curve[best])


def score_mask(predicted: np.ndarray, truth: np.ndarray) -> dict[str, float | None]:
    """Score one predicted mask.

    Parameters
    ----------
    predicted, truth : ndarray of bool, shape (H, W)
        True on the lesion.

    Returns
    -------
    dict
        ``jaccard``, ``dice``, ``pixel_accuracy``, ``sensitivity``, ``specificity`` in
        0..1. Two empty masks agree: Jaccard and Dice are 1. Sensitivity is None without
        a lesion, specificity None without skin.
    """
    both = int(np.count_nonzero(predicted & truth))
    size_p, size_t = int(np.count_nonzero(predicted)), int(np.count_nonzero(truth))
    union = size_p + size_t - both
    skin = truth.size - size_t
    return {
        "jaccard": both / union if union else 1.0,
        "dice": 2 * both / (size_p + size_t) if union else 1.0,
        "pixel_accuracy": 1 - (union - both) / truth.size,
        "sensitivity": both / size_t if size_t else None,
        "specificity": (truth.size - union) / skin if skin else None,
    }


def pooled_overlap(
    predicted: np.ndarray, truth: np.ndarray
) -> tuple[float, float | None]:
    """Pixel accuracy and pooled IoU over all pixels, as the 2022 reference scored.

    Parameters
    ----------
    predicted, truth : ndarray of bool, shape (N, H, W)
        Masks at network size.

    Returns
    -------
    pixel_accuracy : float
        In 0..1, to six digits.
    pooled_iou : float or None
        Intersection over union of all images together; None if no mask has a lesion.
    """
    union = int(np.count_nonzero(predicted | truth))
    both = int(np.count_nonzero(predicted & truth))
    accuracy = round(float(np.mean(predicted == truth)), 6)
    return accuracy, round(both / union, 6) if union else None
