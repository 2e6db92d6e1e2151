"""Examine one photograph with its mask: sound, or refused with a reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from lesionlab.decoding.masks import UNREADABLE, Mask, open_mask, turn
from lesionlab.decoding.photographs import (
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
    outside : bool
        Whether the mask marks all four corners but not the whole: lesion and skin may
        have changed places.
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
    outside: bool = False
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
    refuse = partial(Finding, file=file, mask=mask)
    try:
        if not _are_equal(root, photographs):
            return refuse("two photographs")
        content = (root / file).read_bytes()
    except OSError:
        return refuse("no photograph")
    if is_truncated(content):
        return refuse("truncated")
    pixels = decode(content)
    if pixels is None:
        return refuse("unreadable")
    if min(pixels.shape[:2]) < SMALLEST:
        return refuse("wrong size")
    header = replace(read_header(content), size=pixels.shape[1::-1])
    if header.deep and is_dark(content):
        return refuse("16 bits too dark")
    reason, truth = _examine_mask(root, masks)
    reason, oriented = (reason, "") if reason else _settle(header, truth)
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
        bool(lesion[:: len(lesion) - 1 or 1, :: lesion.shape[1] - 1 or 1].all())
        and not lesion.all(),
        file,
        mask,
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


def _settle(header: Header, mask: Mask) -> tuple[str, str]:
    """Find the orientation in which photograph and mask agree.

    Returns the reason to refuse them, and what became of the photograph's tag: empty
    where it has none. A mask with the same tag was turned with the photograph. Else the
    mask's size decides; where it fits both ways nothing does.
    """
    assert mask.lesion is not None
    size = mask.lesion.shape[::-1]
    if mask.tag not in (1, header.tag):
        return "orientation unclear", ""
    if header.tag == 1:
        return ("" if size == header.size else "mask size"), ""
    if mask.tag == header.tag:
        return ("", "turned") if size == header.turned else ("mask size", "")
    if header.size == header.turned == size:
        return "orientation unclear", ""
    if size not in (header.size, header.turned):
        return "mask size", ""
    return "", "turned" if size == header.turned else "kept"
