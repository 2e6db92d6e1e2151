"""The bundle: everything that predicts on new photographs, in one folder."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from lesionlab.bundle.calibration import Calibration
from lesionlab.errors import LabError
from lesionlab.files import sha256_file, write_json

FORMAT = 1
MANIFEST = "model.json"
CARD = "README.md"
AGAIN = f"copy the model again, or delete its {MANIFEST} and run `snakemake model`"


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files were seen to be those that were written.

    Parameters
    ----------
    folder : Path
        Where it lies.
    facts : Mapping
        The content of ``model.json``.
    identity : str
        SHA-256 of ``model.json``, which names the hash of every other file.
    """

    folder: Path
    facts: Mapping[str, Any]
    identity: str

    @property
    def classes(self) -> list[str]:
        """Names of the classes, in the order of the probabilities."""
        return list(self.facts["classes"])

    @property
    def positive(self) -> int:
        """Number of the positive class."""
        return self.classes.index(self.facts["positive_class"])

    def calibration(self, arm: str) -> Calibration:
        """Calibration of an arm."""
        return Calibration(**self.facts["arms"][arm]["calibration"])


def write_manifest(
    folder: Path, facts: Mapping[str, Any], files: Mapping[str, str]
) -> None:
    """Write ``model.json``, the last file of a bundle.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    facts : Mapping
        What the networks are, and how they are used.
    files : Mapping
        SHA-256 of every other file, by its name relative to the folder.
    """
    content = {**facts, "files": dict(files)}
    write_json(folder / MANIFEST, {**content, "seal": _seal(content)})


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and verify each of its files by its hash.

    What it holds was damaged by accident or not at all: who means harm can write all
    hashes anew. Nothing in it is ever run, though: weights, graphs, numbers and text.

    Parameters
    ----------
    folder : Path
        That holds ``model.json``.

    Returns
    -------
    Bundle

    Raises
    ------
    LabError
        If it is no bundle, one of another format, or a file is missing or changed.
    """
    path = folder / MANIFEST
    facts = _read_facts(path)
    files = facts["files"]
    for name, expected in files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise LabError(f"{path}: {name} lies outside of the model; do not use it")
        if not file.is_file():
            raise LabError(f"{file}: missing; {AGAIN}")
        if sha256_file(file) != expected:
            raise LabError(f"{file}: not what was built (another SHA-256); {AGAIN}")
    for name in _named_files(facts):
        if name not in files:
            raise LabError(f"{path}: names {name} without its hash; do not use it")
    return Bundle(folder, facts, sha256_file(path))


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, seal = facts["format"], facts.pop("seal", None)
    except (FileNotFoundError, NotADirectoryError):
        raise LabError(
            f"{path.parent}: no model (it holds no {MANIFEST}); name the folder "
            "results/<run>/model of a finished run"
        ) from None
    except PermissionError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise LabError(f"{path}: damaged; {AGAIN}") from None
    if version != FORMAT:
        raise LabError(
            f"{path}: of format {version}, and this version reads {FORMAT}; delete it "
            "and run `snakemake model` again"
        )
    if seal != _seal(facts):
        raise LabError(f"{path}: not what was built (its seal is broken); {AGAIN}")
    return facts


def _seal(facts: Mapping[str, Any]) -> str:
    """SHA-256 of all facts, in whatever order and with whatever spaces they stand."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _named_files(facts: Mapping[str, Any]) -> Iterator[str]:
    """Every file that the facts name to be read."""
    yield from (one["file"] for one in facts["segmenters"])
    for arm in facts["arms"].values():
        yield from (member["file"] for member in arm["members"])
        yield from filter(None, [arm["weights"]])
    training = facts["training"]
    named = (training[key] for key in ("features", "colours", "cases", "thumbnails"))
    yield from filter(None, named)
