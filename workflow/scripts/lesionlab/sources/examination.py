"""Examine one photograph with its mask: sound, or refused with a reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lesionlab.sources.masks import UNREADABLE, Mask, open_mask, turn
from lesionlab.sources.photographs import (
    TURNING,
    Header,
    decode,
    is_dark,
    is_truncated,
    read_header,
)

SMALLEST = 32  # pixels; less is no photograph


@dataclass(frozen=True)
class Finding:
    """What the examination of one photograph found.

    Parameters
    ----------
    reason : str
        Why it is refused; empty if it is sound.
    width, height : int
        In pixels, in the orientation of the mask.
    sha256 : str
        Of the photograph's file.
    pixels_sha256 : str
        SHA-256 of the decoded photograph.
    mask_fraction : float
        Share of the mask that is lesion, in 0..1.
    between : float
        Share of the mask's pixels that have neither of its two values.
    kind : str
        ``grey``, ``CMYK`` or ``16 bits``; empty for common colours.
    oriented : str
        ``turned`` or ``kept`` where an EXIF orientation was settled by the mask.
    file, mask : str
        Which of the files was examined.
    """

    reason: str = ""
    width: int = 0
    height: int = 0
    sha256: str = ""
    pixels_sha256: str = ""
    mask_fraction: float = 0.0
    between: float = 0.0
    kind: str = ""
    oriented: str = ""
    file: str = ""
    mask: str = ""


def examine(root: Path, photographs: Sequence[str], masks: Sequence[str]) -> Finding:
    """Decode a photograph and its mask.

    Parameters
    ----------
    root : Path
        Of the data.
    photographs, masks : sequence of str
        Files of one id, relative to `root`: none, one, or several of equal content.
        They may be damaged.

    Returns
    -------
    Finding
        Never raises for a bad file.
    """
    file, mask = (names[0] if names else "" for names in (photographs, masks))
    named = {"file": file, "mask": mask}
    try:
        if not _are_equal(root, photographs):
            return Finding("two photographs", **named)
        content = (root / file).read_bytes()
    except OSError:
        return Finding("no photograph", **named)
    if is_truncated(content):
        return Finding("truncated", **named)
    pixels = decode(content)
    if pixels is None:
        return Finding("unreadable", **named)
    if min(pixels.shape[:2]) < SMALLEST:
        return Finding("wrong size", **named)
    header = read_header(content)
    if header.deep and is_dark(content):
        return Finding("16 bits too dark", **named)
    reason, truth = _examine_mask(root, masks)
    reason, oriented = (
        (reason, "") if reason else _settle(header, pixels.shape[:2], truth)
    )
    if oriented == "turned":
        pixels = turn(pixels, header.tag)
    lesion = np.zeros((1, 1), bool) if truth.lesion is None else truth.lesion
    return Finding(
        reason or ("" if lesion.any() else "mask empty"),
        pixels.shape[1],
        pixels.shape[0],
        hashlib.sha256(content).hexdigest(),
        hashlib.sha256(pixels.tobytes()).hexdigest(),
        round(int(lesion.sum()) / lesion.size, 6),
        round(truth.between, 6),
        "16 bits" if header.deep else header.kind,
        oriented,
        **named,
    )


def _are_equal(root: Path, names: Sequence[str]) -> bool:
    """Compare the files of one id; a data set that was copied twice is common."""
    if len(names) < 2:
        return True
    first, *others = ((root / name).read_bytes() for name in names)
    return all(other == first for other in others)


def _examine_mask(root: Path, names: Sequence[str]) -> tuple[str, Mask]:
    if not names or not (root / names[0]).is_file():
        return "no mask", Mask(None)
    try:
        if not _are_equal(root, names):
            return "two masks", Mask(None)
        mask = open_mask(root / names[0])
    except UNREADABLE:
        return "mask unreadable", Mask(None)
    return ("mask not binary" if mask.lesion is None else ""), mask


def _settle(header: Header, stored: tuple[int, ...], mask: Mask) -> tuple[str, str]:
    """Find the orientation in which photograph and mask agree.

    Returns the reason to refuse them, and what became of the photograph's tag: empty
    where it has none. A mask with the same tag was turned with the photograph. Else the
    mask's size decides; where it fits both ways nothing does.
    """
    assert mask.lesion is not None
    shape = mask.lesion.shape
    turned = stored[::-1] if header.tag in TURNING else stored
    if mask.tag not in (1, header.tag):
        return "orientation unclear", ""
    if header.tag == 1:
        return ("" if shape == stored else "mask size"), ""
    if mask.tag == header.tag:
        return ("", "turned") if shape == turned else ("mask size", "")
    fits = [stored == shape, turned == shape]
    if all(fits):
        return "orientation unclear", ""
    if not any(fits):
        return "mask size", ""
    return "", "turned" if fits[1] else "kept"
