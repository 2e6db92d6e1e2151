"""The order of the training pairs, and what changes them, as functions of the epoch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lesionlab.randomness import (
    UNET_AUGMENTATION,
    UNET_FLIPS,
    UNET_ORDER,
    generator,
)
from lesionlab.segmentation.changes import relight, zoom


def epoch_order(
    count: int, *, seed: int, fold: str, epoch: int, shuffle: bool
) -> np.ndarray:
    """Order of the training pairs in one epoch.

    Parameters
    ----------
    count : int
        Number of pairs.
    seed, fold, epoch : int, str, int
        The order depends on nothing else, so a killed training finds it again.
    shuffle : bool
        False keeps the order of the arrays.

    Returns
    -------
    ndarray of int, shape (count,)
        Positions.
    """
    if not shuffle:
        return np.arange(count)
    return generator(UNET_ORDER, seed, fold, epoch).permutation(count)


def draw_flips(count: int, *, seed: int, fold: str, epoch: int) -> np.ndarray:
    """Draw for each pair along which axes it is mirrored in one epoch.

    Parameters
    ----------
    count : int
        Number of pairs; a longer table begins with the rows of a shorter one.
    seed, fold, epoch : int, str, int
        All that the draws depend on.

    Returns
    -------
    ndarray of bool, shape (count, 2)
        Up-down and left-right.
    """
    draws = generator(UNET_FLIPS, seed, fold, epoch).random((count, 2))
    return np.asarray(draws < 0.5)


def draw_changes(
    count: int, *, seed: int, fold: str, epoch: int, jitter: float, crop: float
) -> np.ndarray:
    """Draw for each pair how it is lit and what of it is shown in one epoch.

    Parameters
    ----------
    count : int
        Number of pairs; a longer table begins with the rows of a shorter one.
    seed, fold, epoch : int, str, int
        All that the draws depend on.
    jitter, crop : float
        Their range; see config.yaml.

    Returns
    -------
    ndarray of float32, shape (count, 5)
        Factors of brightness and of contrast, side of the crop (1 is the whole) and its
        place (-1..1, 0 is the middle) down and right.
    """
    draws = generator(UNET_AUGMENTATION, seed, fold, epoch).random((count, 5))
    draws[:, :2] = 1 + jitter * (2 * draws[:, :2] - 1)
    draws[:, 2] = 1 - crop * draws[:, 2]
    draws[:, 3:] = 2 * draws[:, 3:] - 1
    return draws.astype(np.float32)


def make_batch(
    pixels: np.ndarray,
    masks: np.ndarray,
    chosen: np.ndarray,
    *,
    options: Mapping[str, Any],
    epoch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Scale, and change at random, the pairs of one step.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (N, H, W, 3)
        RGB; may be memory-mapped.
    masks : ndarray of uint8, shape (N, H, W)
        0 or 255.
    chosen : ndarray of int, shape (B,)
        Rows of the arrays.
    options : Mapping
        The section ``segmentation`` of the config and the ``fold``: which changes, and
        with epoch and row all that a draw depends on.
    epoch : int
        From 1.

    Returns
    -------
    x : ndarray of float32, shape (B, H, W, 3)
        In 0..1.
    y : ndarray of float32, shape (B, H, W, 1)
        0 or 1.
    """
    count, jitter, crop = int(chosen.max()) + 1, options["jitter"], options["crop"]
    key = {"seed": options["seed"], "fold": options["fold"], "epoch": epoch}
    pairs = pixels[chosen], masks[chosen]
    if options["flips"]:
        flips = draw_flips(count, **key)[chosen]
        for axis, turn in enumerate(flips.T, start=1):
            for part in pairs:
                backwards = np.arange(part.shape[axis])[::-1]
                # np.flip would copy pixel by pixel
                part[turn] = np.take(part[turn], backwards, axis)
    x, y = (part.astype(np.float32) for part in pairs)
    x /= np.float32(255)
    y /= np.float32(255)
    if jitter or crop:
        changes = draw_changes(count, **key, jitter=jitter, crop=crop)[chosen]
        if jitter:
            x = relight(x, *changes[:, :2].T)
        if crop:
            part = changes[:, 2:].T
            x, y = zoom(x, *part), (zoom(y, *part) > 0.5).astype(np.float32)
    return x, y[..., None]
