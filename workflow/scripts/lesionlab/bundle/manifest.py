"""The bundle: everything that predicts on new photographs, in one folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lesionlab.bundle.calibration import Calibration
from lesionlab.errors import LabError
from lesionlab.files import sha256_file

FORMAT = 1
MANIFEST = "model.json"


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


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and verify each of its files by its hash.

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
        If it is no bundle, one of another version, or a file is missing or changed.
    """
    path = folder / MANIFEST
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        version, files = facts["format"], facts["files"]
    except FileNotFoundError:
        raise LabError(
            f"{folder}: no model (it holds no {MANIFEST}); name the folder "
            "results/<run>/model of a finished run"
        ) from None
    except (OSError, ValueError, LookupError, TypeError):
        raise LabError(f"{path}: damaged; copy or build the model again") from None
    if version != FORMAT:
        raise LabError(
            f"{path}: of format {version}, and this version reads {FORMAT}; build the "
            "model again"
        )
    for name, expected in files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise LabError(f"{path}: {name} lies outside of the model; do not use it")
        if not file.is_file():
            raise LabError(f"{file}: missing; copy or build the model again")
        if sha256_file(file) != expected:
            raise LabError(
                f"{file}: not what was built (another SHA-256); copy or build the "
                "model again"
            )
    return Bundle(folder, facts, sha256_file(path))
