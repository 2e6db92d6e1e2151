"""Decode photographs and masks once into memory-mapped arrays at network size."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from lesionlab.errors import LabError
from lesionlab.files import write_array


def read_photograph(path: Path) -> np.ndarray:
    """Decode a photograph.

    Parameters
    ----------
    path : Path
        A JPEG or PNG file.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    LabError
        If the file is missing or cannot be decoded.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        raise LabError(f"{path}: not a readable picture; restore it and run again")
    return np.asarray(pixels)


def read_mask(path: Path) -> np.ndarray:
    """Decode a mask through its colours, as some masks have an inverted palette.

    Parameters
    ----------
    path : Path
        A PNG file of any mode.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True on the lesion.

    Raises
    ------
    LabError
        If the file is missing or cannot be decoded.
    """
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("L")) > 127
    except (OSError, SyntaxError) as why:
        raise LabError(f"{path}: not a readable mask ({why})") from why


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


def load_small(path: Path, *, width: int) -> np.ndarray:
    """Decode a photograph and resize it to a width, in its own proportions."""
    pixels = read_photograph(path)
    height = max(1, round(width * pixels.shape[0] / pixels.shape[1]))
    return resize_photograph(pixels, height=height, width=width)


def load_pixels(path: Path, *, height: int, width: int) -> np.ndarray:
    """Decode and resize a photograph; see :func:`resize_photograph`."""
    return resize_photograph(read_photograph(path), height=height, width=width)


def load_mask(path: Path, *, height: int, width: int) -> np.ndarray:
    """Decode and resize a mask; see :func:`resize_mask`."""
    return resize_mask(read_mask(path), height=height, width=width)


def pack(
    files: Sequence[Path],
    target: Path,
    *,
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
        rows = pool.map(one, files)
        bar = tqdm(rows, target.name, len(files), unit="img", disable=None)
        write_array(target, bar, shape=(len(files), *one(files[0]).shape))
