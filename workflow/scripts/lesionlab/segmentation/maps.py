"""Maps of the probability of lesion, whichever network predicts them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from lesionlab.files import write_array
from lesionlab.segmentation.overlap import quantise

Predict = Callable[[np.ndarray], np.ndarray]


def write_maps(
    path: Path, pixels: np.ndarray, predict: Predict, *, options: Mapping[str, Any]
) -> None:
    """Predict all photographs, a batch at a time, and store what is predicted.

    Parameters
    ----------
    path : Path
        The ``.npy`` file of uint8 (N, H, W) to write.
    pixels : ndarray of uint8, shape (N, H, W, 3)
        RGB; may be memory-mapped.
    predict : Callable
        A batch of them to probabilities (B, H, W).
    options : Mapping
        ``batch_size`` and ``test_time_flips``.
    """
    size = options["batch_size"]

    def show(start: int) -> np.ndarray:
        batch = pixels[start : start + size]
        if options["test_time_flips"]:
            return quantise(average_mirrored(predict, batch))
        return quantise(predict(batch))

    starts = tqdm(range(0, len(pixels), size), "masks", disable=None)
    write_array(path, map(show, starts), shape=pixels.shape[:3])


def average_mirrored(predict: Predict, pixels: np.ndarray) -> np.ndarray:
    """Average what is predicted of photographs and of their mirror images.

    Parameters
    ----------
    predict : Callable
        Photographs to probabilities, (N, H, W, 3) to (N, H, W).
    pixels : ndarray of uint8, shape (N, H, W, 3)
        RGB.

    Returns
    -------
    ndarray of float32, shape (N, H, W)
        Each mirrored back before the mean of the four is taken.
    """
    views = [
        np.flip(predict(np.flip(pixels, axes)), axes)
        for axes in ((), (1,), (2,), (1, 2))
    ]
    return np.asarray(np.mean(views, axis=0, dtype=np.float32))
