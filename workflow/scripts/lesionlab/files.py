"""Reading and writing files so that nothing half-written is ever left behind."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lesionlab.errors import LabError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends well.

    Parameters
    ----------
    path : Path
        The final place; its folder is made when missing.

    Yields
    ------
    Path
        A path in the same folder with the same suffixes, removed when the block raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield draft
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def sha256_file(path: Path) -> str:
    """Hash the content of a file.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    str
        The SHA-256 as 64 hexadecimal digits.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write strict JSON: a float that is not finite is refused, not written.

    Parameters
    ----------
    path : Path
        The file to replace.
    content : Mapping[str, Any]
        Built-in types only; an undefined figure is ``None``.

    Raises
    ------
    ValueError
        If a float is NaN or infinite.
    """
    text = json.dumps(content, indent=2, allow_nan=False)
    with atomic_path(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    path : Path
        The file to read.

    Returns
    -------
    dict[str, Any]
        The object at the top of the file.
    """
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write_array(
    path: Path, blocks: Iterable[np.ndarray], *, shape: tuple[int, ...]
) -> None:
    """Write a ``.npy`` file block by block, so that memory does not grow with it.

    A memory map would do so too, but a full disk kills a process that writes to one.

    Parameters
    ----------
    path : Path
        The file to replace.
    blocks : iterable of ndarray of uint8
        Together the array in C order.
    shape : tuple of int
        Of the whole array.

    Raises
    ------
    ValueError
        If the blocks do not fill the array exactly.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with atomic_path(path) as draft, draft.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        size = sum(
            stream.write(np.ascontiguousarray(block, np.uint8).data) for block in blocks
        )
        if size != np.prod(shape):
            raise ValueError(f"{path}: {size} values for an array of shape {shape}")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table without its index; equal tables give equal bytes.

    Parameters
    ----------
    path : Path
        The file to replace.
    table : DataFrame
        Columns in the order in which they shall stand.
    """
    with atomic_path(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n")


def read_csv(path: Path, **options: Any) -> pd.DataFrame:
    """Read a table of this workflow; every identifier stays text.

    Parameters
    ----------
    path : Path
        The file to read.
    **options : Any
        Handed to :func:`pandas.read_csv`.

    Returns
    -------
    DataFrame
        One row a line; only an empty field is missing.

    Raises
    ------
    LabError
        If the file is missing or is no table.
    """
    names = ("image_id", "image", "lesion_id", "group", "file")
    pairs = ("image_a", "image_b", "lesion_a", "lesion_b")
    texts = (*names, *pairs, "label", "dx", "fold", "set", "dataset")
    try:
        return pd.read_csv(
            path,
            dtype=dict.fromkeys(texts, "str"),
            keep_default_na=False,
            na_values=[""],
            **options,
        )
    except FileNotFoundError:
        raise LabError(f"{path}: no such table") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as why:
        raise LabError(f"{path}: not a readable CSV table ({why})") from why
