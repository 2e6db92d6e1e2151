"""Decode photographs as they are to be seen, in the orientation of their masks."""

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from lesionlab.decoding.masks import UNREADABLE, read_orientation, turn
from lesionlab.errors import LabError

STORED = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
TURNING = (5, 6, 7, 8)  # orientations that exchange width and height
KINDS = {"CMYK": "CMYK", "L": "grey", "LA": "grey", "1": "grey", "I;16": "grey"}


@dataclass(frozen=True)
class Header:
    """What a photograph's file says of itself.

    Parameters
    ----------
    size : tuple of int
        Width and height as stored.
    tag : int
        EXIF orientation, 1 where there is none.
    kind : str
        ``grey`` or ``CMYK``; empty for colours as they are common.
    deep : bool
        Whether a value has 16 bits.
    """

    size: tuple[int, int] = (0, 0)
    tag: int = 1
    kind: str = ""
    deep: bool = False

    @property
    def turned(self) -> tuple[int, int]:
        """Width and height once the tag is obeyed."""
        width, height = self.size
        return (height, width) if self.tag in TURNING else (width, height)


def read_header(content: bytes) -> Header:
    """Read what a file says of itself; a damaged one says nothing."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            size, kind = picture.size, KINDS.get(picture.mode, "")
            tag = read_orientation(picture)
    except UNREADABLE:
        return Header()
    deep = content.startswith(b"\x89PNG") and content[24:25] == b"\x10"
    return Header(size, tag, kind, deep)


def decode(content: bytes) -> np.ndarray | None:
    """Decode a photograph as it is stored, whatever its orientation says.

    Parameters
    ----------
    content : bytes
        A JPEG or PNG file.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3), or None
        RGB; grey and CMYK are converted, of 16 bits the upper 8 are taken.
    """
    encoded = np.frombuffer(content, np.uint8)
    try:
        return cv2.imdecode(encoded, STORED) if len(encoded) else None
    except cv2.error:  # its header claims more pixels than OpenCV decodes
        return None


def is_dark(content: bytes) -> bool:
    """Tell whether 16 bits hold 12 or fewer: then the upper 8 show next to nothing."""
    values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        return True
    colours = values[..., :3] if values.ndim == 3 else values  # not the opacity
    return int(colours.max()) < 1 << 12


def read_photograph(path: Path, *, size: tuple[int, int] | None) -> np.ndarray:
    """Decode a photograph in the orientation in which the image table lists it.

    Parameters
    ----------
    path : Path
        A JPEG or PNG file.
    size : tuple of int, or None
        Width and height by the image table: the photograph is turned by its EXIF
        orientation unless only the stored pixels have that size. None for pictures
        that the workflow wrote itself.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    LabError
        If the file is missing or cannot be decoded.
    """
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    pixels = decode(content)
    if pixels is None:
        raise LabError(f"{path}: not a readable picture; restore it and run again")
    if size is None:
        return np.asarray(pixels)
    return orient(pixels, read_header(content), size=size)


def orient(pixels: np.ndarray, header: Header, *, size: tuple[int, int]) -> np.ndarray:
    """Turn stored pixels by their tag, unless only the stored ones have a size.

    Parameters
    ----------
    pixels : ndarray, shape (height, width) or (height, width, 3)
        As stored, or reduced while decoding.
    header : Header
        Of the file.
    size : tuple of int
        Width and height that the whole photograph shall have.

    Returns
    -------
    ndarray
    """
    if header.tag == 1 or (header.turned != tuple(size) and header.size == tuple(size)):
        return pixels
    return turn(pixels, header.tag)
