"""A photograph that was dropped on the page: judged and drawn, or refused in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from lesionlab.application.engine import Networks, judge
from lesionlab.application.photographs import decode_photograph, measure_size
from lesionlab.application.table import describe
from lesionlab.classification.arms import ARMS
from lesionlab.data.packing import resize_photograph
from lesionlab.errors import LabError

HEAVIEST = 64_000_000  # bytes of a file
LARGEST = 50_000_000  # pixels: a phone's, and decoded no more than the page may take
MOST = 50  # photographs at once
SIDE = 640  # pixels of the longer side of what is shown
LARGER = 4  # times a small photograph is enlarged at most, so that its outline is fine
HALO, LINE = (0, 0, 0), (255, 255, 255)  # an outline that is seen on dark and light


@dataclass(frozen=True)
class Case:
    """A photograph and what the networks say of it, without the photograph itself.

    Parameters
    ----------
    name : str
        Of its file.
    reason : tuple of str
        Why it was refused: a key of the texts, and a detail; empty if it was judged.
    row : Mapping
        Its columns in the table.
    probabilities : Mapping
        By arm: ndarray of float, shape (C,).
    warnings : tuple of str
        What is unlike the training data.
    neighbours : tuple of int
        Rows of the nearest training photographs.
    pictures : Mapping
        JPEG by name: ``photograph``, ``outline``, ``cutout``.
    shown : Mapping
        By arm, what the network was given: ndarray of uint8, shape (S, S, 3).
    mask : ndarray of bool, shape (H, W), optional
        The lesion, at the size of the pictures.
    """

    name: str
    reason: tuple[str, ...]
    row: Mapping[str, Any]
    probabilities: Mapping[str, np.ndarray]
    warnings: tuple[str, ...]
    neighbours: tuple[int, ...]
    pictures: Mapping[str, bytes]
    shown: Mapping[str, np.ndarray]
    mask: np.ndarray | None


def refuse(name: str, key: str, why: str = "") -> Case:
    """Make the case of a file that was not judged."""
    return Case(name, (key, why), {}, {}, (), (), {}, {}, None)


def _sort_reason(why: str) -> str:
    """Find the text for a reason of :mod:`lesionlab.application.photographs`."""
    known = {
        "empty file": "empty",
        "neither JPEG": "no_picture",
        "less than": "too_few_pixels",
        "more than": "too_many_pixels",
    }
    return next((key for words, key in known.items() if words in why), "damaged")


def open_case(networks: Networks, name: str, content: bytes) -> Case:
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
    Case
        Refused with a reason where it is no photograph, or a larger one than the page
        takes, which is told from its header alone.
    """
    if len(content) > HEAVIEST:
        return refuse(name, "too_large")
    try:
        width, height = measure_size(content)
        if width * height > LARGEST:
            raise LabError(f"{width} x {height}: more than {LARGEST:,} pixels")
        photograph = decode_photograph(content)
    except LabError as why:
        return refuse(name, _sort_reason(str(why)), str(why))
    opinion = judge(networks, [photograph])[0]
    about = networks.bundle.facts["arms"]
    shown = {}
    for arm in opinion.probabilities:
        side = about[arm]["size"]
        seen = ARMS[arm].show(photograph, opinion.mask)
        shown[arm] = resize_photograph(seen, height=side, width=side)
    small, mask = _resize(photograph, opinion.mask)
    return Case(
        name,
        (),
        describe(networks.bundle, opinion),
        opinion.probabilities,
        tuple(opinion.warnings),
        tuple(opinion.neighbours),
        {
            "photograph": encode(small),
            "outline": encode(draw_outline(small, mask)),
            "cutout": encode(ARMS["segmented"].show(small, mask)),
        },
        shown,
        mask,
    )


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
    for colour, width in ((HALO, 3 * thin), (LINE, thin)):
        cv2.drawContours(drawn, borders, -1, colour, width)
    return drawn


def encode(picture: np.ndarray) -> bytes:
    """Encode a picture, uint8 (H, W, 3) RGB, as JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, quality)[1])


def decode_small(content: bytes) -> np.ndarray:
    """Decode what :func:`encode` made."""
    return np.asarray(
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    )
