"""Photographs that a user brings: found in a folder, decoded, or refused in words."""

import io
import os
import stat
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from lesionlab.decoding.masks import read_orientation, turn
from lesionlab.decoding.photographs import decode, is_dark
from lesionlab.decoding.wholeness import POINTER, judge_file
from lesionlab.errors import LabError, first_line

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
# above it Pillow warns of a decompression bomb, and decoding alone takes gigabytes
LARGEST = 89_000_000  # pixels
LONGEST = 1 << 30  # bytes of a file: more than so many pixels ever need
UNREAD = "cannot be read"  # a reason that may pass
SMALLEST = 32  # pixels of a side
WIDEST = 65_535  # likewise: more than a JPEG holds, no mask could be written for

# how a file begins that is read, and what else is found among photographs
HEAD = 132  # bytes
KNOWN = (b"\xff\xd8\xff", b"\x89PNG", b"II*\0", b"MM\0*")
OTHERS = {
    (0, b"GIF8"): "GIF",
    (0, b"BM"): "BMP",
    (0, b"%PDF"): "PDF",
    (4, b"ftyphei"): "HEIC",
    (4, b"ftypmif1"): "HEIC",
    (4, b"ftypavif"): "AVIF",
    (128, b"DICM"): "DICOM",
}

# a bomb is an error even where Pillow would only warn of one
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def list_photographs(folder: Path) -> list[str]:
    """List every file below a folder, in the order of their names.

    Parameters
    ----------
    folder : Path
        What is hidden is left out; a link is followed, and no folder entered twice.

    Returns
    -------
    list of str
        Relative to the folder; one that ends with ``/`` is a folder that cannot be
        opened.

    Raises
    ------
    LabError
        If it is no folder, cannot be opened or holds no file.
    """
    if folder.is_file():
        raise LabError(f"{folder}: a file; name the folder that holds the photographs")
    if not folder.is_dir():
        raise LabError(f"{folder}: no such folder; name one with photographs")
    names = sorted(_walk(folder, "", set()))
    if names == [""]:
        raise LabError(f"{folder}: cannot be opened; make it readable for you")
    if not names:
        raise LabError(f"{folder}: holds no file; name a folder with photographs")
    return names


def _walk(folder: Path, prefix: str, entered: set[tuple[int, int]]) -> Iterator[str]:
    try:
        about = folder.stat()
        if (about.st_dev, about.st_ino) in entered:
            return
        entered.add((about.st_dev, about.st_ino))
        inside = sorted(path.name for path in folder.iterdir())
    except OSError:
        yield prefix
        return
    for name in inside:
        if name.startswith("."):
            continue
        path = folder / name
        if _is_folder(path):
            yield from _walk(path, f"{prefix}{name}/", entered)
        else:
            yield prefix + name


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a link that leads to itself
        return False


def tell_files(folder: Path, names: list[str]) -> tuple[list[str], list[str]]:
    """Tell files whose content may be hashed from all else that was listed.

    Parameters
    ----------
    folder : Path
        That was listed.
    names : list of str
        Of :func:`list_photographs`.

    Returns
    -------
    files, others : list of str
        The names of the others as they may be printed.
    """
    plain = {name for name in names if name.isprintable() and _is_file(folder / name)}
    files = [name for name in names if name in plain]
    return files, [repr(name) for name in names if name not in plain]


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode) and os.access(path, os.R_OK)
    except OSError:
        return False


def read_file(path: Path) -> bytes:
    """Read a file that may hold a photograph.

    Parameters
    ----------
    path : Path
        Of anything: a pipe is not waited for, and of a film only the head is read.

    Returns
    -------
    bytes
        Its content, for :func:`decode_photograph`.

    Raises
    ------
    LabError
        Says in a few words why not; it names no file.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(opened, "rb") as stream:  # noqa: PTH123
            about = os.fstat(opened)
            if not stat.S_ISREG(about.st_mode):
                raise LabError("no file")
            head = stream.read(HEAD)
            _check_kind(head)
            if about.st_size > LONGEST:
                raise LabError("larger than 1 GiB")
            return head + stream.read()
    except OSError as why:
        raise LabError(f"{UNREAD}: {why.strerror}") from None


def _check_kind(head: bytes) -> None:
    if not head:
        raise LabError("empty file")
    if head.startswith(POINTER):
        raise LabError("a Git LFS pointer")
    if head.startswith(KNOWN) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP"):
        return
    kinds = (kind for (at, mark), kind in OTHERS.items() if head.startswith(mark, at))
    found = next(kinds, None)
    begin = f"{found}: " if found else ""
    raise LabError(f"{begin}neither JPEG, PNG, WebP nor TIFF")


def measure_size(content: bytes) -> tuple[int, int]:
    """Read width and height off a file's header, before anything is decoded.

    Parameters
    ----------
    content : bytes
        Of a JPEG, PNG, WebP or TIFF file.

    Returns
    -------
    width, height : int
        As stored.

    Raises
    ------
    LabError
        If it is no such file, too large or too small; it names no file.
    """
    with _open(content) as picture:
        return picture.size


def _open(content: bytes) -> Image.Image:
    _check_kind(content[:HEAD])
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
        width, height = picture.size
        tile = _measure_tile(picture)
    except BOMBS:
        raise LabError(f"more than {LARGEST:,} pixels") from None
    except Exception as why:
        raise LabError(f"unreadable ({_shorten(why)})") from None
    if width * height > LARGEST:
        raise LabError(f"{width} x {height}: more than {LARGEST:,} pixels")
    if tile > LARGEST:
        raise LabError(f"a tile of more than {LARGEST:,} pixels")
    if max(width, height) > WIDEST:
        raise LabError(f"{width} x {height}: more than {WIDEST:,} pixels a side")
    if min(width, height) < SMALLEST:
        raise LabError(f"{width} x {height}: less than {SMALLEST} pixels a side")
    return picture


def _measure_tile(picture: Image.Image) -> int:
    """Count the pixels of a TIFF's tiles; each is decoded whole; 0 without any."""
    tags = getattr(picture, "tag_v2", {})
    return int(tags.get(322, 0)) * int(tags.get(323, 0))


def decode_photograph(content: bytes) -> np.ndarray:
    """Decode a photograph as a person sees it.

    JPEG and PNG are decoded by OpenCV as those of training are, to the same pixels.

    Parameters
    ----------
    content : bytes
        Of a JPEG, PNG, WebP or TIFF file, of which the first page is taken.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB, turned by its EXIF orientation; what is transparent lies on white, and of
        16 bits the upper 8 are taken.

    Raises
    ------
    LabError
        Says in a few words why not; it names no file.
    """
    with _open(content) as picture:
        if reason := judge_file(content):
            raise LabError(reason)
        try:
            if _is_deep(picture, content) and is_dark(content):
                raise LabError("16 bits too dark")
            if _needs_opencv(picture):
                pixels = decode(content)
                if pixels is None:
                    raise LabError("unreadable")
            else:
                pixels = np.asarray(_flatten(picture))
            # a TIFF both have turned already
            tag = 1 if picture.format == "TIFF" else read_orientation(picture)
        except (LabError, MemoryError):
            raise
        except Exception as why:  # of a damaged file Pillow says all sorts of things
            raise LabError(f"unreadable ({_shorten(why)})") from None
        return turn(pixels, tag)


def _is_clear(picture: Image.Image) -> bool:
    return "A" in picture.getbands() or "transparency" in picture.info


def _needs_opencv(picture: Image.Image) -> bool:
    """Tell what training decodes too, and values that Pillow would cut off at 255."""
    if picture.mode.startswith("I;16"):
        return True
    if picture.format == "TIFF":
        if picture.mode in ("I", "F"):
            raise ValueError("32 bits a value")
        return False
    return picture.format != "WEBP" and not _is_clear(picture)


def _is_deep(picture: Image.Image, content: bytes) -> bool:
    if picture.format == "PNG":
        return content[24:25] == b"\x10"
    if picture.format == "TIFF":
        bits = getattr(picture, "tag_v2", {}).get(258, (8,))
        return bool(max(bits) == 16)
    return False


def _flatten(picture: Image.Image) -> Image.Image:
    if _is_clear(picture):
        whole = picture.convert("RGBA")
        white = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(white, whole).convert("RGB")
    return picture.convert("RGB")


def _shorten(why: BaseException) -> str:
    if isinstance(why, UnidentifiedImageError):
        return "its head is damaged"
    return first_line(why)
