"""Photographs that a user brings: found in a folder, decoded, or refused in words."""

import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from lesionlab.errors import LabError

KINDS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
LARGEST = 100_000_000  # pixels; of a larger one decoding alone takes all memory
SMALLEST = 32  # pixels of a side


def list_photographs(folder: Path) -> list[str]:
    """List the photographs below a folder, in the order of their names.

    Parameters
    ----------
    folder : Path
        Hidden files, and what bears no name of a picture, are left out.

    Returns
    -------
    list of str
        Relative to the folder.

    Raises
    ------
    LabError
        If it is no folder, or holds no photograph.
    """
    if not folder.is_dir():
        raise LabError(f"{folder}: no such folder; name one with photographs")
    names = sorted(_walk(folder))
    if not names:
        raise LabError(
            f"{folder}: holds no photograph (one of {', '.join(KINDS)}); name another"
        )
    return names


def _walk(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix.lower() in KINDS and path.is_file() and not hidden:
            yield name.as_posix()


def decode_photograph(content: bytes) -> np.ndarray:
    """Decode a photograph as a person sees it.

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
    if not content:
        raise LabError("empty file")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _check_size(*picture.size)
            deep = picture.mode.startswith("I") or picture.mode == "F"
            if not deep:
                picture.draft("RGB", None)
                turned = ImageOps.exif_transpose(picture)
                return np.asarray(_flatten(turned))
    except LabError:
        raise
    except Image.DecompressionBombError:
        raise LabError(f"more than {LARGEST:,} pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, TypeError) as why:
        raise LabError(f"not a readable picture ({_shorten(why)})") from None
    return _decode_deep(content)


def _check_size(width: int, height: int) -> None:
    if width * height > LARGEST:
        raise LabError(f"{width} x {height}: more than {LARGEST:,} pixels")
    if min(width, height) < SMALLEST:
        raise LabError(f"{width} x {height}: less than {SMALLEST} pixels a side")


def _flatten(picture: Image.Image) -> Image.Image:
    if "A" in picture.getbands() or "transparency" in picture.info:
        whole = picture.convert("RGBA")
        white = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(white, whole).convert("RGB")
    return picture.convert("RGB")


def _decode_deep(content: bytes) -> np.ndarray:
    flags = cv2.IMREAD_COLOR_RGB
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise LabError("not a readable picture (its kind of numbers)")
    return np.asarray(pixels)


def _shorten(why: BaseException) -> str:
    words = str(why).strip() or type(why).__name__
    return words.splitlines()[0].split(" <_io.")[0]
