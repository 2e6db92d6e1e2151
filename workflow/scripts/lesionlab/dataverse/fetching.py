"""Download the files of HAM10000 from a Dataverse, each once and none unverified."""

import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pooch

from lesionlab.dataverse.download import WAITS, download, get_json
from lesionlab.dataverse.published import DOI, PublishedFile
from lesionlab.errors import LabError

# as the module tempfile names what pooch opens
ORPHAN = re.compile(r"tmp[a-z0-9_]{8}")
MEND = (
    f"download the data from https://doi.org/{DOI} in a browser, unpack them into one "
    "folder, and set dataset.source to folder and dataset.path to that folder"
)


def fetch_files(
    files: Sequence[PublishedFile],
    cache: Path,
    *,
    server: str,
    waits: Sequence[float] = WAITS,
) -> list[Path]:
    """Download what is not in the cache yet; a good file there is never asked for.

    Parameters
    ----------
    files : sequence of PublishedFile
        What is wanted.
    cache : Path
        A folder of this process alone, which outlives a run that failed or was killed.
        A file that is not complete stands there as ``<name>.part``.
    server : str
        Address of a Dataverse that has the data set, such as
        ``https://dataverse.harvard.edu``.
    waits : sequence of float
        Seconds before each further try.

    Returns
    -------
    list of Path
        One verified file each, in their order.

    Raises
    ------
    LabError
        If a file cannot be had, or is not the published one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [file for file in files if not _is_good(cache / file.name, file)]
    if missing:
        _remove_orphans(cache)
        urls = locate_files(missing, server=server, waits=waits)
        for file, url in zip(missing, urls, strict=True):
            _fetch(file, url, cache, waits)
    for file in files:
        _part(file, cache).unlink(missing_ok=True)
    return [cache / file.name for file in files]


def locate_files(
    files: Sequence[PublishedFile], *, server: str, waits: Sequence[float] = WAITS
) -> list[str]:
    """Ask a Dataverse where the files lie: their numbers differ from server to server.

    Parameters
    ----------
    files : sequence of PublishedFile
        What is wanted.
    server : str
        Its address.
    waits : sequence of float
        Seconds before each further try.

    Returns
    -------
    list of str
        The address of each file.

    Raises
    ------
    LabError
        If the server does not list a file, or lists another one under its name.
    """
    base = server.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise LabError(
            f"HAM10000_SERVER: {server!r} is no address of a Dataverse; name one such "
            "as https://dataverse.harvard.edu"
        )
    query = f"{base}/api/datasets/:persistentId/?persistentId=doi:{DOI}"
    answer = get_json(query, mend=MEND, waits=waits)
    try:
        listed = [f["dataFile"] for f in answer["data"]["latestVersion"]["files"]]
        # Dataverse renames a table that it has taken in, HAM10000_metadata.tab
        found = {Path(f["filename"]).stem: {**f, "id": int(f["id"])} for f in listed}
    except (KeyError, TypeError, ValueError):
        raise LabError(f"{query}: no list of files came; {MEND}") from None
    for file in files:
        if Path(file.name).stem not in found:
            raise LabError(f"{query}: no file {file.name} is listed; {MEND}")
    return [_address(base, file, found[Path(file.name).stem]) for file in files]


def _address(base: str, file: PublishedFile, entry: Mapping[str, Any]) -> str:
    url = f"{base}/api/access/datafile/{entry['id']}"
    if entry.get("originalFileFormat"):
        return f"{url}?format=original"
    announced = str(entry.get("md5", file.md5)).lower()
    if announced != file.md5:
        raise LabError(
            f"{url}: {file.name} is announced with MD5 {announced}, published is "
            f"{file.md5}; {MEND}"
        )
    return url


def _fetch(file: PublishedFile, url: str, cache: Path, waits: Sequence[float]) -> None:
    """Let pooch take a download in once it is complete, if it is the published file."""
    part = _part(file, cache)

    def complete(_url: str, output: str, _pooch: object) -> None:
        download(url, part, size=file.size, mend=MEND, waits=waits)
        _give(part, Path(output))

    for resumed in (part.exists(), False):
        try:
            pooch.retrieve(
                url, f"md5:{file.md5}", file.name, cache, downloader=complete
            )
        except ValueError:
            part.unlink()
            if resumed:
                logging.warning("%s: what was left of it is bad; begun anew", part)
                continue
            raise LabError(
                f"{url}: what came as {file.name} has another MD5 than the published "
                f"{file.md5}, and was deleted; run again, or {MEND}"
            ) from None
        break
    logging.info("%s: %d bytes, MD5 %s", file.name, file.size, file.md5)


def _part(file: PublishedFile, cache: Path) -> Path:
    return cache / f"{file.name}.part"


def _give(part: Path, output: Path) -> None:
    """Give pooch a second name of the file: a kill while it verifies costs nothing."""
    output.unlink()
    try:
        output.hardlink_to(part)
    except OSError:  # a file system without hard links
        shutil.copyfile(part, output)


def _remove_orphans(cache: Path) -> None:
    """Remove what pooch had open when it was killed, and nothing else."""
    for path in cache.iterdir():
        if ORPHAN.fullmatch(path.name) and path.is_file():
            path.unlink()


def _is_good(path: Path, file: PublishedFile) -> bool:
    if not path.exists() or path.stat().st_size != file.size:
        return False
    return bool(pooch.file_hash(str(path), alg="md5") == file.md5)
