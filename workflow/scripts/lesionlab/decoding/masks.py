"""Decide what is a mask, and read it: one rule wherever a mask is read."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from lesionlab.errors import LabError

ORIENTATION = 0x0112  # tag of EXIF
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
NOISE = 8  # of 255: so far a lossy file strays from its two values
# limits of a soft mask; what lies on either side was measured: see docs/data.md
CONTRAST = 32  # of 255: less than this between lesion and skin is noise
FLAT = 0.4  # share of pixels, at least, within 1 of 255 of their side's median
BETWEEN = 0.2  # share of pixels, at most, that are a tenth off their side's value
WIDTH = 3.5  # pixels, at most, that the border is soft, in the mean
SEPARATION = 0.85  # share, at least, of the variance that the cut explains (Otsu 1979)
SPREAD = 0.02  # of the contrast, at most, by which half the pixels of a side stray
FEW = 8  # values, at most, of a lossless picture that may be labels


@dataclass(frozen=True)
class Mask:
    """A mask as it was read.

    Parameters
    ----------
    lesion : ndarray of bool, shape (height, width), or None
        True on the lesion; None where the picture is no mask.
    between : float
        Share of pixels that have neither of the mask's two values.
    tag : int
        Its own EXIF orientation, by which `lesion` is turned; 1 where there is none.
    """

    lesion: np.ndarray | None
    between: float = 0.0
    tag: int = 1


def open_mask(path: Path) -> Mask:
    """Read a picture and decide whether it is a mask.

    Two values are a mask, whatever they are: the brighter is lesion. More are one if
    they are two values with a soft or noisy border, as in JPEG files and resized
    masks; it is cut at half between them. White alone, or 1 alone, is lesion all
    over, 0 alone is a mask without lesion. All else is none: a photograph, a heat map,
    labels.

    Parameters
    ----------
    path : Path
        A picture of any mode; palettes are read through their colours, since some have
        an inverted order.

    Returns
    -------
    Mask
        Its ``lesion`` is None where the picture is no mask.

    Raises
    ------
    Exception
        One of ``UNREADABLE`` if it cannot be decoded.
    """
    with Image.open(path) as picture:
        tag = read_orientation(picture)
        levels = _read_levels(picture)
        lossy = picture.format == "JPEG"
    if levels is None:
        return Mask(None)
    lesion, between = cut_levels(levels, lossy=lossy)
    return Mask(None if lesion is None else turn(lesion, tag), between, tag)


def read_mask(path: Path) -> np.ndarray:
    """Read a mask; see :func:`open_mask`.

    Parameters
    ----------
    path : Path
        A picture.

    Returns
    -------
    ndarray of bool, shape (height, width)
        True on the lesion.

    Raises
    ------
    LabError
        If the file is missing, cannot be decoded or is no mask.
    """
    try:
        mask = open_mask(path).lesion
    except UNREADABLE as why:
        raise LabError(f"{path}: not a readable mask ({why})") from why
    if mask is None:
        raise LabError(f"{path}: not a mask of two values; restore it and run again")
    return mask


def cut_levels(levels: np.ndarray, *, lossy: bool) -> tuple[np.ndarray | None, float]:
    """Cut a grey picture into lesion and skin, if it is a mask.

    Parameters
    ----------
    levels : ndarray of uint8, shape (height, width)
        Brightness.
    lossy : bool
        Whether the file's format blurs values, so that near ones may be one.

    Returns
    -------
    lesion : ndarray of bool, shape (height, width), or None
        None where it is no mask.
    between : float
        Share of pixels within neither value's noise.
    """
    counts = np.bincount(levels.ravel(), minlength=256)
    values = np.flatnonzero(counts)
    low, high = int(values[0]), int(values[-1])
    apart = high - low
    if len(values) == 2 and low < 256 - NOISE and (apart >= CONTRAST or not lossy):
        return levels == high, 0.0
    if low >= 256 - NOISE:
        return np.ones(levels.shape, bool), 0.0
    if high == 0 or (lossy and high < NOISE):
        return np.zeros(levels.shape, bool), 0.0
    if low == high == 1:
        return np.ones(levels.shape, bool), 0.0
    if apart < CONTRAST or (not lossy and _holds_labels(levels, values)):
        return None, 0.0
    return _cut_soft(levels.astype(np.float32), (low + high) / 2)


def _holds_labels(levels: np.ndarray, values: np.ndarray) -> bool:
    """Tell whether a value between the others fills an area: a soft border does not."""
    if len(values) > FEW:
        return False
    own = values[1:-1]
    if len(values) > 3:  # values near the outer two may be traces of a lossy format
        own = own[(own - values[0] > NOISE) & (values[-1] - own > NOISE)]
    block = np.ones((3, 3), np.uint8)
    areas = ((levels == value).astype(np.uint8) for value in own)
    return any(cv2.erode(area, block, borderValue=0).any() for area in areas)


def _cut_soft(levels: np.ndarray, middle: float) -> tuple[np.ndarray | None, float]:
    """Cut at half between two values with a soft or noisy border.

    A lossy file swings beyond its values beside an edge: so these are quartiles.
    """
    above = levels >= middle
    low = float(np.percentile(levels[~above], 25))
    high = float(np.percentile(levels[above], 75))
    depth = (levels - low) / (high - low)
    lesion = depth >= 0.5
    off = np.minimum(np.abs(depth), np.abs(depth - 1))
    between = float((off > NOISE / 255).mean())
    return (lesion if _is_soft_mask(levels, depth, lesion, off) else None), between


def _is_soft_mask(
    levels: np.ndarray, depth: np.ndarray, lesion: np.ndarray, off: np.ndarray
) -> bool:
    """Tell two values with a soft border from a photograph or a heat map."""
    typical = np.where(lesion, np.median(levels[lesion]), np.median(levels[~lesion]))
    if (np.abs(levels - typical) <= 1).mean() < FLAT or (off > 0.1).mean() > BETWEEN:
        return False
    # a photograph that is cut out on one colour is flat on one side alone
    strays = max(_median_stray(levels, side) for side in (lesion, ~lesion))
    if strays > max(1.0, SPREAD * float(np.ptp(typical))):
        return False
    inner = cv2.erode(lesion.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    border = int(lesion.sum()) - int(inner.sum())
    middle = int(((depth > 0.25) & (depth < 0.75)).sum())
    share = float(lesion.mean())
    gap = float(depth[lesion].mean() - depth[~lesion].mean())
    explained = share * (1 - share) * gap**2 / float(depth.var())
    return middle <= WIDTH * border and explained >= SEPARATION


def _median_stray(levels: np.ndarray, side: np.ndarray) -> float:
    """Say how far half the pixels stray that lie well within one side of a cut."""
    inner = cv2.erode(side.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    own = levels[inner]
    return float(np.median(np.abs(own - np.median(own)))) if own.size else 0.0


def _read_levels(picture: Image.Image) -> np.ndarray | None:
    """Give brightness as uint8, or where colours are one, opacity."""
    if picture.mode.startswith(("I", "F")):
        return _scale_levels(np.asarray(picture))
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"))
    colours = picture.convert("RGBA")
    opacity = np.asarray(colours.getchannel("A"))
    levels = np.asarray(colours.convert("L"))
    if np.ptp(opacity) == 0:
        return levels
    if np.ptp(levels) == 0:
        return opacity
    # where both vary, the lesion must be the brighter and the more opaque
    visible = opacity > 127
    if levels[visible].size and levels[~visible].size:
        bright = float(levels[visible].mean()) > float(levels[~visible].mean())
        return levels if bright else None
    return levels


def _scale_levels(levels: np.ndarray) -> np.ndarray | None:
    """Bring whole numbers of more than 8 bits, or fractions, to uint8."""
    if not np.isfinite(levels).all():
        return None
    low, high = levels.min(), levels.max()
    if len(np.unique(levels)) == 2:
        return np.where(levels == high, np.uint8(255), np.uint8(0))
    if low == high or low < 0:
        one = {0.0: 0, 1.0: 255, 255.0: 255, 65535.0: 255}.get(float(low), 127)
        return np.full(levels.shape, one, np.uint8)
    top = 65535 if high > 255 else 255 if high > 1 else 1
    return np.asarray(np.clip(levels / top * 255, 0, 255).astype(np.uint8))


def read_orientation(picture: Image.Image) -> int:
    """Read the EXIF tag by which a viewer turns a picture; 1 leaves it as it is."""
    try:
        tag = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged tag, of which Pillow says all sorts of things
        return 1
    return tag if isinstance(tag, int) and 1 <= tag <= 8 else 1


def turn(pixels: np.ndarray, tag: int) -> np.ndarray:
    """Turn and mirror a picture as its EXIF orientation says.

    Parameters
    ----------
    pixels : ndarray, shape (height, width) or (height, width, 3)
        As stored.
    tag : int
        1 to 8.

    Returns
    -------
    ndarray
        As it is to be seen, contiguous.
    """
    if tag in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if tag in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if tag in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
