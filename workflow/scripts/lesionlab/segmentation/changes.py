"""Photographs and masks in another light and cut, as in lesionlab.training.pictures."""

import cv2
import numpy as np


def relight(batch: np.ndarray, light: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """Change brightness, then contrast about each photograph's own grey.

    Parameters
    ----------
    batch : ndarray of float32, shape (B, H, W, 3)
        In 0..1.
    light, contrast : ndarray of float32, shape (B,)
        Factors.

    Returns
    -------
    ndarray of float32, shape (B, H, W, 3)
        In 0..1.
    """
    lit = batch * light[:, None, None, None]
    grey = lit.mean((1, 2, 3), keepdims=True)
    shown = (lit - grey) * contrast[:, None, None, None] + grey
    return np.asarray(shown.clip(0, 1))


def zoom(
    batch: np.ndarray, side: np.ndarray, down: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Cut a part out of each picture and enlarge it bilinearly to the whole.

    Parameters
    ----------
    batch : ndarray of float32, shape (B, H, W) or (B, H, W, 3)
        Masks or photographs.
    side : ndarray of float, shape (B,)
        Height and width of the part; 1 is the whole.
    down, right : ndarray of float, shape (B,)
        Its place, -1..1; 0 is the middle.

    Returns
    -------
    ndarray of float32
        Same shape.
    """
    height, width = batch.shape[1:3]
    shown = np.empty_like(batch)
    for picture, source, s, *place in zip(shown, batch, side, down, right, strict=True):
        top, left = (
            (size * (1 - s) * (1 + by) + s - 1) / 2
            for size, by in zip((height, width), place, strict=True)
        )
        # where a pixel is taken from: its middle is half a pixel from its edge
        source_of = np.array([[s, 0, left], [0, s, top]], np.float64)
        picture[...] = cv2.warpAffine(
            source,
            source_of,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    return shown
