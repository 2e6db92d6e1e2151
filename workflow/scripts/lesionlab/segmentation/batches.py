"""The order of the training pairs and their mirroring, as functions of the epoch."""

from collections.abc import Callable

import numpy as np

from lesionlab.randomness import UNET_FLIPS, UNET_ORDER, generator


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


def make_batch(
    pixels: np.ndarray,
    masks: np.ndarray,
    chosen: np.ndarray,
    *,
    flips: bool,
    seed: int,
    fold: str,
    epoch: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Scale, and mirror at random, the pairs of one step.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (N, H, W, 3)
        RGB; may be memory-mapped.
    masks : ndarray of uint8, shape (N, H, W)
        0 or 255.
    chosen : ndarray of int, shape (B,)
        Rows of the arrays.
    flips : bool
        Mirror each pair at random along each axis.
    seed, fold, epoch : int, str, int
        With the row, all that a draw depends on.

    Returns
    -------
    x : ndarray of float32, shape (B, H, W, 3)
        In 0..1.
    y : ndarray of float32, shape (B, H, W, 1)
        0 or 1.
    """
    pairs = pixels[chosen], masks[chosen]
    if flips:
        draws = draw_flips(int(chosen.max()) + 1, seed=seed, fold=fold, epoch=epoch)
        for axis, turn in enumerate(draws[chosen].T, start=1):
            for part in pairs:
                backwards = np.arange(part.shape[axis])[::-1]
                # np.flip would copy pixel by pixel
                part[turn] = np.take(part[turn], backwards, axis)
    x, y = (part.astype(np.float32) for part in pairs)
    x /= np.float32(255)
    y /= np.float32(255)
    return x, y[..., None]


def average_mirrored(
    predict: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray
) -> np.ndarray:
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
