"""Digest the content of a data root.

The Snakefile calls this while it plans, so it imports nothing heavy.
"""

import csv
import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lesionlab.errors import LabError
from lesionlab.sources.layout import find_layout


def contents_digest(root: Path, cache: Path) -> str:
    """Digest the content of all raw data, wherever they lie.

    Parameters
    ----------
    root : Path
        In any layout that docs/data.md names; only read.
    cache : Path
        A CSV file of name, size, modification time and SHA-256 from the last time;
        written anew when something changed.

    Returns
    -------
    str
        SHA-256 over the sorted names and contents of all files that the layout found.

    Raises
    ------
    LabError
        If the folder is in no known layout, or a file cannot be read.
    """
    return files_digest(root, find_layout(root).files(), cache)


def files_digest(root: Path, names: Iterable[str], cache: Path) -> str:
    """Digest the names and contents of files below a folder; see above."""
    known = _read_cache(cache)
    stats = {name: _stat(root / name) for name in names}
    files = {
        name: (str(stat.st_size), str(stat.st_mtime_ns)) for name, stat in stats.items()
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


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as why:
        raise _say(path, why) from why


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as why:
        raise _say(path, why) from why


def _say(path: Path, why: OSError) -> LabError:
    return LabError(
        f"{path}: cannot be read ({why.strerror}); mend its permissions or its disk, "
        "or move it away"
    )


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
