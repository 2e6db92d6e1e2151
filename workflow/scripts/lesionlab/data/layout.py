"""Find the files of a data root, and digest their content.

The Snakefile calls this while it plans, so it imports nothing heavy.
"""

import csv
import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lesionlab.errors import LabError

IMAGES, MASKS = "images", "masks"
TRUTH, METADATA = "GroundTruth.csv", "HAM10000_metadata.csv"
MASK_SUFFIX = "_segmentation.png"
PHOTOGRAPH_SUFFIXES = (".jpg", ".jpeg", ".png")


def check_layout(root: Path) -> None:
    """Refuse a folder that is not in the Kaggle layout of HAM10000.

    Parameters
    ----------
    root : Path
        Holds ``images/``, ``masks/``, ``GroundTruth.csv`` and, if known,
        ``HAM10000_metadata.csv``.

    Raises
    ------
    LabError
        Names what is missing.
    """
    expected = f"expected {IMAGES}/, {MASKS}/, {TRUTH} and {METADATA}"
    if not root.is_dir():
        raise LabError(f"{root}: no such data folder; {expected} in it")
    for name in (IMAGES, MASKS):
        if not (root / name).is_dir():
            raise LabError(f"{root / name}: no such folder; {expected} in {root}")
    if not (root / TRUTH).is_file():
        raise LabError(f"{root / TRUTH}: no such table; {expected} in {root}")


def list_files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """List the tables, photographs and masks of a data root.

    Parameters
    ----------
    root : Path
        In the Kaggle layout.

    Yields
    ------
    name : str
        Relative to `root`, with forward slashes.
    stat : os.stat_result
        Of the file.
    """
    for name in (TRUTH, METADATA):
        if (root / name).is_file():
            yield name, (root / name).stat()
    for folder in (IMAGES, MASKS):
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_file():
                    yield f"{folder}/{entry.name}", entry.stat()


def contents_digest(root: Path, cache: Path) -> str:
    """Digest the content of all raw data, wherever they lie.

    Parameters
    ----------
    root : Path
        In the Kaggle layout; only read.
    cache : Path
        A CSV file of name, size, modification time and SHA-256 from the last time;
        written anew when something changed.

    Returns
    -------
    str
        SHA-256 over the sorted names and contents.

    Raises
    ------
    LabError
        If the folder is not in the Kaggle layout.
    """
    check_layout(root)
    known = _read_cache(cache)
    files = {
        name: (str(stat.st_size), str(stat.st_mtime_ns))
        for name, stat in list_files(root)
    }
    hashes = {
        name: known[name, *facts]
        for name, facts in files.items()
        if (name, *facts) in known
    }
    new = [name for name in files if name not in hashes]
    if new:
        with ThreadPoolExecutor() as pool:
            hashes.update(
                zip(new, pool.map(lambda n: _hash(root / n), new), strict=True)
            )
    if new or len(known) != len(files):
        rows = [(name, *files[name], hashes[name]) for name in sorted(files)]
        _write_cache(cache, rows)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {hashes[name]}\n".encode())
    return digest.hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_cache(cache: Path) -> dict[tuple[str, ...], str]:
    try:
        with cache.open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.reader(stream) if len(row) == 4]
    except (FileNotFoundError, UnicodeDecodeError, csv.Error):
        return {}
    return {(name, size, mtime): digest for name, size, mtime, digest in rows}


def _write_cache(cache: Path, rows: Iterable[tuple[str, ...]]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    draft = cache.with_suffix(f".{os.getpid()}")
    with draft.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    draft.replace(cache)
