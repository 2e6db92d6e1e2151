"""Check, before a workflow starts, its Python and the folder of temporary files.

Snakemake finds most of this out in its first job, or in a traceback of its own.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from lesionlab.errors import LabError

# what is imported while the workflow is planned, by the Python that runs Snakemake
PLANNING = ("cv2", "filelock", "jsonschema", "numpy", "pandas", "yaml")
ROOM = 4 * 2**20  # bytes; scripts, sources and the scheduler's problem are far less


def check_python(
    executable: str = sys.executable, packages: Iterable[str] = PLANNING
) -> None:
    """Refuse a Python that cannot run the stages.

    Parameters
    ----------
    executable : str
        Its path, which Snakemake hands to a shell as it is.
    packages : iterable of str
        What it must be able to import.

    Raises
    ------
    LabError
        Names the character that splits the path, or the first package that is missing.
    """
    odd = re.search(r"[^\w@%+=:,./-]", executable)
    if odd:
        raise LabError(
            f"{executable}: Snakemake cannot start a Python whose path holds "
            f"{odd[0]!r}; set up the environment elsewhere: sh setup.sh /path/to/venv"
        )
    for name in packages:
        if find_spec(name) is None:
            raise LabError(
                f"{executable}: this Python lacks {name}; run Snakemake in LesionLab's "
                "environment (sh setup.sh .venv in a checkout makes it)"
            )


def check_submittable(*folders: Path) -> None:
    """Refuse folders that are lost when a job is submitted.

    The plugin for Slurm puts a job's whole command between double quotes.

    Parameters
    ----------
    *folders : Path
        The checkout and the working directory.

    Raises
    ------
    LabError
        Names the first such folder and the character.
    """
    for folder in folders:
        odd = re.search(r'[$`"\\]', str(folder))
        if odd:
            raise LabError(
                f"{folder}: a job whose path holds {odd[0]} cannot be submitted to "
                "Slurm; move or rename the folder"
            )


def check_room(folder: str | None = os.environ.get("TMPDIR")) -> None:
    """Refuse a full or unwritable folder of temporary files.

    Python takes another one by itself, Snakemake's scheduler does not.

    Parameters
    ----------
    folder : str or None
        What ``TMPDIR`` names; without it, what Python takes.

    Raises
    ------
    LabError
        Names the folder and what the system says of it.
    """
    chosen = Path(folder or tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile(dir=chosen) as stream:
            stream.write(bytes(ROOM))
            stream.flush()
    except OSError as why:
        raise LabError(
            f"TMPDIR: {chosen}: {why.strerror}; make room for temporary files there, "
            "or name another folder: TMPDIR=/path/to/folder"
        ) from why
