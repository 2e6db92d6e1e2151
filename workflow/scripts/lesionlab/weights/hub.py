"""Weights from the Hugging Face Hub, held against the SHA-256 that it names."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from lesionlab.errors import LabError, first_line
from lesionlab.files import atomic_path, sha256_file
from lesionlab.host.occupancy import hold_while_writing

FILE = "model.safetensors"
BESIDE = "download them elsewhere and name the file in the config"


def fetch_from_hub(
    place: str, path: Path, *, of: str, revision: str | None = None
) -> dict[str, str]:
    """Download the weights of a network.

    Parameters
    ----------
    place : str
        Repository on the Hub.
    path : Path
        The ``.safetensors`` file to write.
    of : str
        The network, for people.
    revision : str, optional
        Commit; by default the newest.

    Returns
    -------
    dict of str
        ``source`` and ``sha256``.

    Raises
    ------
    LabError
        If they cannot be had, or are not those that the Hub names.
    """
    cache = path.parent / f"cache-{path.stem}"
    with hold_while_writing(cache):
        with _explained(place, of):
            found = get_hf_file_metadata(hf_hub_url(place, FILE, revision=revision))
            commit = found.commit_hash
            file = Path(hf_hub_download(place, FILE, revision=commit, local_dir=cache))
        known = sha256_file(file)
        if found.etag != known:
            shutil.rmtree(cache)
            raise LabError(
                f"{place}: {FILE} is not the file that its publisher names by its "
                f"SHA-256; run again, or {BESIDE}"
            )
        with atomic_path(path) as draft:
            shutil.copyfile(file, draft)
        shutil.rmtree(cache)
    source = f"https://huggingface.co/{place}/blob/{commit}/{FILE}"
    return {"source": source, "sha256": known}


def read_from_hub(place: str, name: str, folder: Path, *, revision: str) -> Any:
    """Read a JSON file of a repository on the Hub.

    Parameters
    ----------
    place, name : str
        Repository and file.
    folder : Path
        Where it is downloaded, and removed.
    revision : str
        Commit.

    Returns
    -------
    object
        What it holds.

    Raises
    ------
    LabError
        If it cannot be had.
    """
    cache = folder / f"cache-{Path(place).name}"
    with hold_while_writing(cache):
        with _explained(place, name):
            file = hf_hub_download(place, name, revision=revision, local_dir=cache)
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        shutil.rmtree(cache)
    return content


@contextmanager
def _explained(place: str, of: str) -> Iterator[None]:
    try:
        yield
    except (HfHubHTTPError, LocalEntryNotFoundError, httpx2.HTTPError, OSError) as why:
        raise LabError(
            f"{place}: no weights of {of} ({first_line(why)}); {BESIDE}"
        ) from why
