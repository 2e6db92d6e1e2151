"""Arms: what the classifier is shown of a photograph, as pure functions.

Each takes a photograph, uint8 (H, W, 3) RGB, and a mask, bool (H, W), True on the
lesion, which may be empty, full, of several parts or at the border; gives a picture of
the photograph's shape and type; and changes neither. To add one, write its function
here under the decorator :func:`arm` and name it in ``classification.arms``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Show = Callable[[np.ndarray, np.ndarray], np.ndarray]
Box = tuple[int, int, int, int]  # top, bottom, left, right; bottom and right outside

MASKS = ("none", "true", "predicted")
MARGIN = 0.1  # of the sides of a lesion's box, on each side
ENLARGED = 4  # at most, by `crop`: beyond, there are but the blocks of a JPEG
GREY = 128  # where no skin is left to take a colour from
# hair is looked for at this size, in pixels of the longer side: that of HAM10000
HAIR_SIZE = 600
HAIR_WIDTH = 11  # more than a hair is thick, in pixels at that size
HAIR_LENGTH = 41  # less than it is straight
HAIR_DEPTH = 12  # grey levels by which it is darker than what it lies on
DIRECTIONS = 32  # of lines; between two of them a thin hair still fits one


@dataclass(frozen=True)
class Arm:
    """What an arm shows, and which mask it needs.

    Parameters
    ----------
    show : Callable
        Of photograph and mask.
    mask : {"none", "true", "predicted"}
        ``none``: `show` is handed a mask that is empty. ``true``: the expert's.
        ``predicted``: that of the U-Net, which the arm waits for, fold by fold.
    """

    show: Show
    mask: str


ARMS: dict[str, Arm] = {}


def arm(*, mask: str) -> Callable[[Show], Show]:
    """Enter a function into :data:`ARMS` under its own name.

    Parameters
    ----------
    mask : {"none", "true", "predicted"}
        See :class:`Arm`.

    Returns
    -------
    Callable
        A decorator that gives the function back as it is.

    Raises
    ------
    ValueError
        If there is no such mask.
    """
    if mask not in MASKS:
        raise ValueError(f"mask={mask!r}; one of {', '.join(MASKS)}")

    def enter(show: Show) -> Show:
        ARMS[show.__name__] = Arm(show, mask)
        return show

    return enter


@arm(mask="none")
def original(photograph: np.ndarray, _mask: np.ndarray) -> np.ndarray:
    """Show the photograph as it is."""
    return photograph


@arm(mask="predicted")
def segmented(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Show the lesion alone, as the U-Net sees it: black outside the mask.

    An empty mask gives a black picture, a full one the photograph.
    """
    return _cut_out(photograph, mask)


@arm(mask="true")
def segmented_true(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Show the lesion alone, as the expert outlined it: black outside the mask.

    An empty mask gives a black picture, a full one the photograph.
    """
    return _cut_out(photograph, mask)


@arm(mask="true")
def crop(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Show the lesion with the skin around it, enlarged to the photograph's size.

    The box of the lesion with its margin is widened to the photograph's own
    proportions, so that nothing is distorted, and moved inwards where it would leave
    the photograph. It holds all parts of a mask and is enlarged fourfold at most. An
    empty or full mask gives the photograph.
    """
    height, width = mask.shape
    top, bottom, left, right = _lesion_box(mask)
    share = max((bottom - top) / height, (right - left) / width, 1 / ENLARGED)
    rows = _place_span(top, bottom, share, height)
    columns = _place_span(left, right, share, width)
    if share == 1:
        return photograph
    box = photograph[rows, columns]
    return np.asarray(cv2.resize(box, (width, height), interpolation=cv2.INTER_LINEAR))


@arm(mask="true")
def background(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Show the skin without the lesion: its box is painted in the colour around it.

    Painting the mask alone would leave the lesion's silhouette. The colour is the mean
    of a frame around the box of the lesion with its margin; where the box reaches all
    edges, that of what lies outside the mask, and for a full mask grey. An empty mask
    gives the photograph.
    """
    if not mask.any():
        return photograph
    top, bottom, left, right = box = _lesion_box(mask)
    upper, lower, first, last = _add_margin(box, mask)
    around = np.zeros_like(mask)
    around[upper:lower, first:last] = True
    around[top:bottom, left:right] = False
    skin = around if around.any() else ~mask
    shown = photograph.copy()
    shown[top:bottom, left:right] = (
        photograph[skin].mean(axis=0).round() if skin.any() else GREY
    )
    return shown


@arm(mask="none")
def hair_removed(photograph: np.ndarray, _mask: np.ndarray) -> np.ndarray:
    """Show the photograph without its dark hair.

    After DullRazor (Lee et al., 1997): a closing fills what is thinner than its
    element, so the black-hat, closing minus picture, is high on hair. The net of a
    pigmented lesion is as thin and as dark, but nowhere straight for long: what no line
    fits into is left as it is (an opening by lines of every direction). What is found
    is painted from its surroundings (Telea, 2004).
    """
    height, width = photograph.shape[:2]
    scale = HAIR_SIZE / max(height, width)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    grey = cv2.resize(cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY), size)
    hair = cv2.resize(_find_hair(grey), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.inpaint(photograph, hair, 3, cv2.INPAINT_TELEA))


def _find_hair(grey: np.ndarray) -> np.ndarray:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (HAIR_WIDTH, HAIR_WIDTH))
    depth = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc)
    straight = np.zeros_like(depth)
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        line = _draw_line(HAIR_LENGTH, angle)
        straight = np.maximum(straight, cv2.morphologyEx(depth, cv2.MORPH_OPEN, line))
    hair = np.where(straight > HAIR_DEPTH, np.uint8(255), np.uint8(0))
    return np.asarray(cv2.dilate(hair, np.ones((3, 3))))


def _draw_line(length: int, angle: float) -> np.ndarray:
    """Draw a line through the middle of a square, as the element of an opening."""
    half = length // 2
    x, y = round(half * np.cos(angle)), round(half * np.sin(angle))
    line = np.zeros((length, length), np.uint8)
    return np.asarray(cv2.line(line, (half - x, half - y), (half + x, half + y), 1))


def _cut_out(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.copyTo(photograph, mask.astype(np.uint8)))


def _lesion_box(mask: np.ndarray) -> Box:
    """Bound all parts of a mask, with a margin; of an empty mask, everything."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0, mask.shape[0], 0, mask.shape[1]
    ends = (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)
    top, bottom, left, right = map(int, ends)
    return _add_margin((top, bottom, left, right), mask)


def _add_margin(box: Box, mask: np.ndarray) -> Box:
    top, bottom, left, right = box
    height, width = mask.shape
    y, x = (max(1, round(MARGIN * side)) for side in (bottom - top, right - left))
    upper, lower = max(0, top - y), min(height, bottom + y)
    return upper, lower, max(0, left - x), min(width, right + x)


def _place_span(start: int, end: int, share: float, limit: int) -> slice:
    """Place a span, a share of the limit long, around another and inside 0..limit."""
    size = max(1, round(share * limit))
    first = min(max(0, round((start + end - size) / 2)), limit - size)
    return slice(first, first + size)
