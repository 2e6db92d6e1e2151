"""What training sees: pictures that are changed at random."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lesionlab.randomness import CLASSIFIER_AUGMENTATION, generator
from lesionlab.training.pictures import IMAGENET, Scale, normalise, relight, zoom


def draw_augmentation(
    rows: np.ndarray, *, seed: int, fold: str, epoch: int, options: Mapping[str, Any]
) -> np.ndarray:
    """Draw how each image of a batch is changed.

    A draw depends on seed, fold, epoch and the image's row alone: not on the batch, the
    arm or what was drawn before, so arms share it and a training can be resumed.

    Parameters
    ----------
    rows : ndarray of int, shape (B,)
        Rows of the images in the training set.
    seed, fold, epoch : int, str, int
        Of the training.
    options : Mapping
        ``flips`` and ``rotations`` (bool), ``jitter`` and ``crop`` (in 0..1).

    Returns
    -------
    ndarray of float, shape (B, 8)
        Flip up-down, flip left-right (0 or 1), quarter turns (0..3), factors of
        brightness and of contrast, side of the crop (1 is the whole) and its place
        (-1..1, 0 is the middle) down and right.
    """
    # one stream an epoch: a longer table begins with the rows of a shorter one
    stream = generator(CLASSIFIER_AUGMENTATION, seed, fold, epoch)
    draws: np.ndarray = stream.random((int(rows.max()) + 1, 8))[rows]
    draws[:, :2] = (draws[:, :2] < 0.5) & options["flips"]
    draws[:, 2] = np.floor(4 * draws[:, 2]) * options["rotations"]
    draws[:, 3:5] = 1 + options["jitter"] * (2 * draws[:, 3:5] - 1)
    draws[:, 5] = 1 - options["crop"] * draws[:, 5]
    draws[:, 6:] = 2 * draws[:, 6:] - 1
    return np.asarray(draws)


def augment(pixels: torch.Tensor, draws: torch.Tensor, *, crop: bool) -> torch.Tensor:
    """Apply drawn changes; only a crop interpolates, bilinearly.

    Parameters
    ----------
    pixels : Tensor of uint8, shape (B, S, S, 3)
        RGB, on any device.
    draws : Tensor of float32, shape (B, 8)
        From :func:`draw_augmentation`, on the same device.
    crop : bool
        Whether any draw has a crop: to read it from the draws would wait for a GPU.

    Returns
    -------
    Tensor of float32, shape (B, 3, S, S)
        In 0..1, channels last in memory.
    """
    down, right, turns, light, contrast, side, down_by, right_by = draws.T
    turned = _choose(down > 0, pixels.flip(1), pixels)
    turned = _choose(right > 0, turned.flip(2), turned)
    turned = _choose(turns % 2 > 0, turned.rot90(1, (1, 2)), turned)
    turned = _choose(turns > 1, turned.rot90(2, (1, 2)), turned)
    batch = turned.contiguous().permute(0, 3, 1, 2).float() / 255
    shown = relight(batch, light, contrast)
    return zoom(shown, side, down_by, right_by) if crop else shown


def _choose(
    where: torch.Tensor, changed: torch.Tensor, otherwise: torch.Tensor
) -> torch.Tensor:
    return torch.where(where[:, None, None, None], changed, otherwise)


def transform_train(
    pixels: torch.Tensor, draws: torch.Tensor, *, crop: bool, scale: Scale = IMAGENET
) -> torch.Tensor:
    """Augment and normalise a batch; see :func:`augment`."""
    return normalise(augment(pixels, draws, crop=crop), scale)
