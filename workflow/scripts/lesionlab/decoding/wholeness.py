"""Tell whether a picture's file is whole: its end is there, and all of it decodes."""

import os
import re
import sys
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")
# a marker of JPEG: neither stuffing, nor a restart, nor a filling byte
MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]", re.DOTALL)
POINTER = b"version https://git-lfs"
# what libjpeg says of a file that it decodes all the same; a bad profile does no harm
CUT = re.compile(rb"premature end", re.IGNORECASE)
HURT = re.compile(rb"Corrupt JPEG data: (?!bad ICC)|Inconsistent progression")


def overhear(work: Callable[[], Made]) -> tuple[Made, bytes]:
    """Do some work, and catch what C libraries write to the standard error meanwhile.

    OpenCV has no other way to tell of a JPEG that is damaged.

    Parameters
    ----------
    work : callable
        Without arguments; nothing else may write to the standard error meanwhile.

    Returns
    -------
    made
        What `work` gives.
    said : bytes
        The first of it, some 60 kB.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)  # more than a pipe holds is not waited for
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(writing, 2)
    os.close(writing)
    try:
        made = work()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        with os.fdopen(reading, "rb") as stream:
            said = stream.read()
    return made, said


def judge_file(content: bytes) -> str:
    """Tell from a file's bytes that there is no whole picture in it.

    Returns
    -------
    str
        ``a Git LFS pointer`` or ``truncated``; empty if nothing speaks against it.
    """
    if content.startswith(POINTER):
        return "a Git LFS pointer"
    return "truncated" if is_truncated(content) else ""


def judge_warnings(said: bytes) -> str:
    """Tell from what libjpeg said that a picture was decoded in part.

    Returns
    -------
    str
        ``truncated`` or ``damaged``; empty if it said nothing of the kind.
    """
    if CUT.search(said):
        return "truncated"
    return "damaged" if HURT.search(said) else ""


def is_truncated(content: bytes) -> bool:
    """Tell whether a file ends before its picture does.

    OpenCV may decode half a file without a word, grey from where it ends. What follows
    the end of a picture is not looked at: cameras and copying programs add to it.

    Parameters
    ----------
    content : bytes
        Of a file; neither JPEG nor PNG is never truncated.

    Returns
    -------
    bool
    """
    if content.startswith(b"\xff\xd8"):
        return not _jpeg_ends(content)
    if content.startswith(b"\x89PNG"):
        return not _png_ends(content)
    return False


def _jpeg_ends(content: bytes) -> bool:
    """Walk from marker to marker; a thumbnail inside one is passed over."""
    place = 2
    while found := MARKER.search(content, place):
        marker, place = content[found.end() - 1], found.end()
        if marker == 0xD9:
            return True
        if marker != 0xD8:
            place += max(2, int.from_bytes(content[place : place + 2], "big"))
    return False


def _png_ends(content: bytes) -> bool:
    place = 8
    while place + 12 <= len(content):
        if content[place + 4 : place + 8] == b"IEND":
            return True
        place += 12 + int.from_bytes(content[place : place + 4], "big")
    return False
