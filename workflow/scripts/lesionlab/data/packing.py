"""Decode photographs and masks once into memory-mapped arrays at network size."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.errors import LabError
from lesionlab.files import write_array


def resize_photograph(pixels: np.ndarray, *, height: int, width: int) -> np.ndarray:
    """Resize a photograph by area averaging.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, 3)
        RGB.
    height, width : int
        New size in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def resize_mask(mask: np.ndarray, *, height: int, width: int) -> np.ndarray:
    """Resize a mask: a pixel is lesion where at least half of its area is.

    Parameters
    ----------
    mask : ndarray of bool, shape (H, W)
        True on the lesion.
    height, width : int
        New size in pixels.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        0 or 255.
    """
    full = mask.astype(np.uint8) * np.uint8(255)
    area = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)
    return np.where(area > 127, np.uint8(255), np.uint8(0))


def load_small(path: Path, *, size: tuple[int, int] | None, width: int) -> np.ndarray:
    """Decode a photograph and resize it to a width, in its own proportions.

    Parameters
    ----------
    path, size
        As of :func:`lesionlab.decoding.photographs.read_photograph`.
    width : int
        In pixels.

    Returns
    -------
    ndarray of uint8, shape (h, width, 3)
        RGB.
    """
    pixels = read_photograph(path, size=size)
    height = max(1, round(width * pixels.shape[0] / pixels.shape[1]))
    return resize_photograph(pixels, height=height, width=width)


def load_pixels(
    path: Path, size: tuple[int, int] | None, *, height: int, width: int
) -> np.ndarray:
    """Decode and resize a photograph; see :func:`resize_photograph`."""
    pixels = read_photograph(path, size=size)
    return resize_photograph(pixels, height=height, width=width)


def load_mask(
    path: Path, _size: tuple[int, int] | None = None, *, height: int, width: int
) -> np.ndarray:
    """Decode and resize a mask; see :func:`resize_mask`."""
    return resize_mask(read_mask(path), height=height, width=width)


def photograph_size(row: pd.Series) -> tuple[int, int]:
    """Give width and height of a photograph, a row of the image table."""
    return int(row["width"]), int(row["height"])


def list_sizes(table: pd.DataFrame) -> list[tuple[int, int]]:
    """List width and height of each photograph of the image table."""
    return [
        (int(w), int(h)) for w, h in zip(table["width"], table["height"], strict=True)
    ]


def pack(
    files: Sequence[Path],
    target: Path,
    *,
    sizes: Sequence[tuple[int, int] | None],
    load: Callable[..., np.ndarray],
    height: int,
    width: int,
    workers: int,
) -> None:
    """Load every file into one ``.npy`` array.

    Parameters
    ----------
    files : sequence of Path
        In the order of the array.
    target : Path
        The ``.npy`` file, uint8, one row a file.
    sizes : sequence
        Width and height of each by the image table, or None; see
        :func:`lesionlab.decoding.photographs.read_photograph`.
    load : Callable
        :func:`load_pixels` or :func:`load_mask`.
    height, width : int
        Size of every row in pixels.
    workers : int
        Threads; decoding and resizing release the GIL.

    Raises
    ------
    LabError
        If a file cannot be decoded or there is none.
    """
    if not files:
        raise LabError(f"{target}: no photograph to pack; is the split empty?")
    one = partial(load, height=height, width=width)
    with ThreadPoolExecutor(workers) as pool:
        rows = pool.map(one, files, sizes)
        bar = tqdm(rows, target.name, len(files), unit="img", disable=None)
        write_array(target, bar, shape=(len(files), *one(files[0], sizes[0]).shape))
