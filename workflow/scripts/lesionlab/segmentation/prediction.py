"""Predict with a U-Net, and store what it predicts."""

from pathlib import Path

import keras
import numpy as np

from lesionlab.errors import LabError
from lesionlab.files import atomic_path


def save_weights(model: keras.Model, path: Path) -> None:
    """Write the weights of a network.

    Parameters
    ----------
    model : keras.Model
        From :func:`~lesionlab.segmentation.unet.build_unet`.
    path : Path
        The ``.weights.h5`` file to replace.
    """
    size = sum(weights.nbytes for weights in model.get_weights())
    with atomic_path(path) as draft:
        # HDF5 may crash on a full disk: let a plain write find that out before it
        draft.write_bytes(bytes(size + 2**20))
        model.save_weights(draft)


def load_weights(model: keras.Model, path: Path) -> None:
    """Load the weights that a training has kept, in place.

    Parameters
    ----------
    model : keras.Model
        From :func:`~lesionlab.segmentation.unet.build_unet`.
    path : Path
        The ``.weights.h5`` file.

    Raises
    ------
    LabError
        If the file is damaged, or its weights are of another network.
    """
    try:
        model.load_weights(path)
    except (OSError, ValueError, LookupError, RuntimeError) as why:
        raise LabError(
            f"{path}: damaged, or not the weights of this U-Net; delete it and run "
            "again"
        ) from why


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
