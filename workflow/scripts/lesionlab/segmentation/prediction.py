"""Predict with a U-Net, and store what it predicts."""

import keras
import numpy as np


def predict_probability(
    model: keras.Model, pixels: np.ndarray, *, batch_size: int
) -> np.ndarray:
    """Predict the probability of lesion.

    Parameters
    ----------
    model : keras.Model
        From :func:`~lesionlab.segmentation.unet.build_unet`.
    pixels : ndarray of uint8, shape (N, H, W, 3)
        RGB.
    batch_size : int
        Photographs a step.

    Returns
    -------
    ndarray of float32, shape (N, H, W)
        In 0..1.
    """
    parts = [
        keras.ops.convert_to_numpy(
            model.predict_on_batch(pixels[i : i + batch_size] / np.float32(255))
        )
        for i in range(0, len(pixels), batch_size)
    ]
    return np.asarray(np.concatenate(parts)[..., 0])


def quantise(probability: np.ndarray) -> np.ndarray:
    """Store a probability in 0..1 as uint8, times 255."""
    return np.asarray(np.rint(probability * 255), np.uint8)
