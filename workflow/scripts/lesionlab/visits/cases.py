"""A photograph that was dropped on the page: judged and drawn, or refused in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from lesionlab.application.engine import Networks, Opinion, judge
from lesionlab.application.hearing import listen
from lesionlab.application.photographs import WIDEST, measure_size
from lesionlab.application.table import describe
from lesionlab.classification.arms import ARMS
from lesionlab.data.packing import resize_photograph
from lesionlab.errors import LabError

HEAVIEST = 64_000_000  # bytes of a file
PIXELS = 50_000_000  # a phone's, and decoded no more than the page may take
AT_ONCE = 50  # photographs of a drop that are judged
LINES = 500  # files of a drop that get a line
SIDE = 640  # pixels of the longer side of what is shown
LARGER = 4  # times a small photograph is enlarged at most, so that its outline is fine
HALO, STROKE = (0, 0, 0), (255, 255, 255)  # an outline that is seen on dark and light
# the text for a reason of lesionlab.application, by words that stand in it
REASONS = {
    "empty file": "empty",
    "neither JPEG": "no_picture",
    "Git LFS pointer": "pointer",
    "a tile of": "large_tile",
    f"more than {WIDEST:,}": "too_wide",
    "more than": "too_many_pixels",
    "less than": "too_few_pixels",
    "truncated": "truncated",
    "damaged": "damaged",
    "too dark": "too_dark",
}


@dataclass(frozen=True)
class Picture:
    """A picture's file.

    Parameters
    ----------
    content : bytes
        Of the file.
    kind : str
        Media type.
    """

    content: bytes
    kind: str


@dataclass(frozen=True)
class Case:
    """What the networks say of a photograph, without any picture of it.

    Parameters
    ----------
    name : str
        Of its file.
    reason : str
        Why it was refused, a key of the texts; empty if it was judged.
    row : Mapping
        Its columns in the table.
    probabilities : Mapping
        By arm: ndarray of float, shape (C,).
    warnings : tuple of str
        What is unlike the training data.
    neighbours : tuple of int
        Rows of the nearest training photographs.
    """

    name: str
    reason: str
    row: Mapping[str, Any]
    probabilities: Mapping[str, np.ndarray]
    warnings: tuple[str, ...]
    neighbours: tuple[int, ...]


def refuse(name: str, reason: str) -> Case:
    """Make the case of a file that was not judged."""
    return Case(name, reason, {}, {}, (), ())


def open_case(
    networks: Networks, name: str, content: bytes
) -> tuple[Case, dict[str, Picture]]:
    """Judge what was dropped.

    Parameters
    ----------
    networks : Networks
        Of the bundle.
    name : str
        Of the file, for people.
    content : bytes
        Of the file.

    Returns
    -------
    case : Case
        Refused with a reason where it is no photograph, or a larger one than the page
        takes, which is told from its header alone.
    pictures : dict
        ``outline`` and ``cutout``; and for attention ``mask`` and, of each arm whose
        weights the bundle holds, what its network is shown, ``shown-<arm>``.
    """
    if len(content) > HEAVIEST:
        return refuse(name, "too_large"), {}
    try:
        width, height = measure_size(content)
        if width * height > PIXELS:
            return refuse(name, "too_many_pixels"), {}
        # as lesionlab predict does, which hears what libjpeg says of a damaged file
        with listen(1) as (decode, _):
            photograph = decode(content)
    except LabError as why:
        return refuse(name, sort_reason(str(why))), {}
    opinion = judge(networks, [photograph])[0]
    case = Case(
        name,
        "",
        describe(networks.bundle, opinion),
        opinion.probabilities,
        tuple(opinion.warnings),
        tuple(opinion.neighbours),
    )
    return case, _draw(networks, photograph, opinion)


def sort_reason(why: str) -> str:
    """Find the text for a reason of :mod:`lesionlab.application`."""
    return next((key for words, key in REASONS.items() if words in why), "unreadable")


def _draw(
    networks: Networks, photograph: np.ndarray, opinion: Opinion
) -> dict[str, Picture]:
    small, mask = _resize(photograph, opinion.mask)
    pictures = {
        "outline": encode(draw_outline(small, mask)),
        "cutout": encode(ARMS["segmented"].show(small, mask)),
        "mask": encode_exactly(mask.astype(np.uint8) * np.uint8(255)),
    }
    for arm, about in networks.bundle.facts["arms"].items():
        if about["weights"] is not None:
            side = about["size"]
            seen = ARMS[arm].show(photograph, opinion.mask)
            shown = resize_photograph(seen, height=side, width=side)
            pictures[f"shown-{arm}"] = encode_exactly(shown)
    return pictures


def _resize(photograph: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    height, width = mask.shape
    scale = min(LARGER, SIDE / max(height, width))
    size = max(1, round(scale * width)), max(1, round(scale * height))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    shown = cv2.resize(photograph, size, interpolation=way)
    part = cv2.resize(mask.astype(np.float32), size, interpolation=way)
    return np.asarray(shown), np.asarray(part >= 0.5)


def draw_outline(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw the border of a lesion, white on black, so that it is seen on any skin.

    Parameters
    ----------
    photograph : ndarray of uint8, shape (H, W, 3)
        RGB.
    mask : ndarray of bool, shape (H, W)
        The lesion.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    borders, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    thin = max(1, round(max(mask.shape) / 320))
    drawn = photograph.copy()
    for colour, width in ((HALO, 3 * thin), (STROKE, thin)):
        cv2.drawContours(drawn, borders, -1, colour, width)
    return drawn


def encode(picture: np.ndarray) -> Picture:
    """Encode a picture, uint8 (H, W, 3) RGB, as JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return Picture(bytes(cv2.imencode(".jpg", bgr, quality)[1]), "image/jpeg")


def encode_exactly(picture: np.ndarray) -> Picture:
    """Encode a picture, uint8 (H, W, 3) RGB or (H, W) grey, as PNG."""
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return Picture(bytes(cv2.imencode(".png", picture)[1]), "image/png")


def decode_small(content: bytes) -> np.ndarray:
    """Decode what was encoded here, uint8 (H, W, 3) RGB."""
    return np.asarray(
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    )
