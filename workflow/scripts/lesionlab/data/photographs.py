"""Examine one photograph with its mask: sound, or refused with a reason."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SMALLEST = 32  # pixels; less is no photograph
MARKERS = ((b"\xff\xd8", b"\xff\xd9"), (b"\x89PNG", b"IEND"))  # of JPEG and PNG


@dataclass(frozen=True)
class Finding:
    """What the examination of one photograph found.

    Parameters
    ----------
    reason : str
        Why it is refused; empty if it is sound.
    width, height : int
        In pixels.
    sha256 : str
        Of the photograph's file.
    pixels_sha256 : str
        SHA-256 of the decoded photograph.
    mask_fraction : float
        Share of the mask that is lesion, in 0..1.
    """

    reason: str = ""
    width: int = 0
    height: int = 0
    sha256: str = ""
    pixels_sha256: str = ""
    mask_fraction: float = 0.0


def examine(photograph: Path, mask: Path) -> Finding:
    """Decode a photograph and its mask.

    Parameters
    ----------
    photograph, mask : Path
        Files, which may be missing or damaged.

    Returns
    -------
    Finding
        Never raises for a bad file.
    """
    try:
        content = photograph.read_bytes()
    except OSError:
        return Finding("no photograph")
    encoded = np.frombuffer(content, np.uint8)
    try:
        pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB) if len(encoded) else None
    except cv2.error:  # its header claims more pixels than OpenCV decodes
        pixels = None
    if _is_truncated(content):
        return Finding("truncated")
    if pixels is None:
        return Finding("unreadable")
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST:
        return Finding("wrong size")
    reason, fraction = _examine_mask(mask, height=height, width=width)
    return Finding(
        reason,
        width,
        height,
        hashlib.sha256(content).hexdigest(),
        hashlib.sha256(pixels.tobytes()).hexdigest(),
        round(fraction, 6),
    )


def _is_truncated(content: bytes) -> bool:
    """OpenCV may decode half a file without a word, grey from where it ends."""
    return any(
        content.startswith(start) and end not in content[-1024:]
        for start, end in MARKERS
    )


def _examine_mask(mask: Path, *, height: int, width: int) -> tuple[str, float]:
    if not mask.is_file():
        return "no mask", 0.0
    try:
        with Image.open(mask) as picture:
            luminance = np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return "mask unreadable", 0.0
    if luminance.shape != (height, width):
        return "mask size", 0.0
    counts = np.bincount(luminance.ravel(), minlength=256)
    if counts[8:248].any():
        return "mask not binary", 0.0
    lesion = int(counts[128:].sum())
    return ("" if lesion else "mask empty"), lesion / luminance.size
