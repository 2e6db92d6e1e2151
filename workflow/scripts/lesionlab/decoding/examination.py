"""Examine one photograph with its mask: sound, or refused with a reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lesionlab.decoding.masks import (
    UNREADABLE,
    Mask,
    open_mask,
    turn,
)
from lesionlab.decoding.photographs import Header, decode, is_dark, read_header
from lesionlab.decoding.shapes import is_exchanged, is_outline
from lesionlab.decoding.wholeness import judge_file, judge_warnings, overhear

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
    sizes : str
        Of mask and photograph, in words.
    copies : int
        Further files of equal content, which were not needed.
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
    sizes: str = ""
    copies: int = 0
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
    reason, content, pixels = _read_photograph(root, photographs)
    if pixels is None:
        return Finding(reason, file=file, mask=mask)
    header = replace(read_header(content), size=pixels.shape[1::-1])
    if header.deep and is_dark(content):
        return Finding("16 bits too dark", file=file, mask=mask)
    reason, mask, truth = _read_mask(root, masks)
    reason, oriented = (reason, "") if reason else _settle(header, truth)
    sizes = ""
    if truth.lesion is not None:
        (width, height), (tall, wide) = header.size, truth.lesion.shape
        sizes = f"mask {wide}x{tall}, photograph {width}x{height} pixels"
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
        sizes,
        len(photographs) + len(masks) - 2 if truth.lesion is not None else 0,
        file,
        mask,
    )


def _read_photograph(
    root: Path, names: Sequence[str]
) -> tuple[str, bytes, np.ndarray | None]:
    """Give the reason to refuse it, or the file's content and its pixels."""
    if not names:
        return "no photograph", b"", None
    try:
        content, *others = ((root / name).read_bytes() for name in names)
    except OSError as why:
        return f"cannot be read: {why.strerror}", b"", None
    pixels, said = overhear(lambda: decode(content))
    reason = judge_file(content) or ("unreadable" if pixels is None else "")
    reason = reason or judge_warnings(said)
    if pixels is not None and min(pixels.shape[:2]) < SMALLEST:
        reason = reason or "wrong size"
    if not reason and not all(_is_same(content, pixels, other) for other in others):
        reason = "two photographs"
    return reason, content, None if reason else pixels


def _is_same(content: bytes, pixels: np.ndarray | None, other: bytes) -> bool:
    """Compare files of one id: a data set that was copied or converted is common."""
    if other == content:
        return True
    again, _ = overhear(lambda: decode(other))
    same_turn = read_header(other).tag == read_header(content).tag
    if again is None or pixels is None or not same_turn:
        return False
    return np.array_equal(again, pixels)


def _read_mask(root: Path, names: Sequence[str]) -> tuple[str, str, Mask]:
    """Give the reason to refuse it, the file that was read, and the mask."""
    if not names:
        return "no mask", "", Mask(None)
    try:
        masks = [_open_mask(root / name) for name in names]
    except OSError as why:
        return f"mask cannot be read: {why.strerror}", names[0], Mask(None)
    reason, first = masks[0]
    for other_reason, other in masks[1:]:
        if not _are_equal(first, other) or reason != other_reason:
            return "two masks", names[0], Mask(None)
    # of a lossless file and a lossy one the lossless
    exact = next((n for n, name in enumerate(names) if name.lower().endswith("png")), 0)
    return reason, names[exact], masks[exact][1]


def _open_mask(path: Path) -> tuple[str, Mask]:
    content = path.read_bytes()
    reason = judge_file(content) if not content.startswith(b"\x89PNG") else ""
    if content.startswith(b"\xff\xd8"):  # Pillow does not say that half of it is grey
        reason = reason or judge_warnings(overhear(lambda: decode(content))[1])
    if reason:
        return f"mask {reason}", Mask(None)
    try:
        mask = open_mask(path)
    except UNREADABLE:
        return "mask unreadable", Mask(None)
    lesion = mask.lesion
    if lesion is None:
        return "mask not binary", mask
    if lesion.all() or not lesion.any():
        return "", mask
    if is_outline(lesion):
        return "mask an outline", mask
    return ("lesion and skin exchanged" if is_exchanged(lesion) else ""), mask


def _are_equal(mask: Mask, other: Mask) -> bool:
    if mask.lesion is None or other.lesion is None:
        return mask.lesion is other.lesion
    return mask.tag == other.tag and np.array_equal(mask.lesion, other.lesion)


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
