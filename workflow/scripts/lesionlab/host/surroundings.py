"""Check, before a workflow starts, its Python and the folders that it writes to.

Snakemake finds most of this out in its first job, or in a traceback of its own.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
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


def check_checkout(folder: Path) -> None:
    """Refuse a place of the workflow that Snakemake would read as something else.

    Parameters
    ----------
    folder : Path
        The checkout.

    Raises
    ------
    LabError
        Names the brace.
    """
    odd = re.search(r"[{}]", str(folder))
    if odd:
        raise LabError(
            f"{folder}: Snakemake takes {odd[0]} in the path of a workflow for the "
            "mark of a wildcard; rename the folder"
        )


def check_encodable(path: str) -> None:
    """Refuse a path that this Python, under an odd locale, cannot look for.

    Parameters
    ----------
    path : str
        From a config.

    Raises
    ------
    LabError
        Names the letter and the variable.
    """
    try:
        os.fsencode(path)
    except UnicodeEncodeError as why:
        raise LabError(
            f"{path}: {path[why.start]!r} is in no name of a file here, where Python "
            f"reads names as {why.encoding}; set PYTHONUTF8=1, or LC_ALL=C.UTF-8"
        ) from why


def check_room(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a full or unusable folder of temporary files.

    Python takes another one by itself, and so does not find a full one; the solver of
    Snakemake's scheduler does not.

    Parameters
    ----------
    environment : Mapping
        Another one is for tests.

    Raises
    ------
    LabError
        Names the folder and what the system says of it.
    """
    named = environment.get("TMPDIR")
    if named:
        _check_temporary(Path(named), f"TMPDIR: {named}", "TMPDIR")
    solver = solver_folder(environment)
    if solver and solver != named:
        variable = "TMP" if "TMP" in environment else "TMPDIR"
        shown = f"TMP: {solver}" if "TMP" in environment else solver
        _check_temporary(Path(solver), shown, variable)
    try:
        tempfile.gettempdir()
    except FileNotFoundError as why:
        raise LabError(
            "no folder of temporary files has room; make some, or name one that has: "
            "TMPDIR=/path/to/folder"
        ) from why


def solver_folder(environment: Mapping[str, str]) -> str:
    """Name the folder in which pulp, which solves for the scheduler, writes its files.

    Parameters
    ----------
    environment : Mapping
        Of which ``TMP`` goes before ``TMPDIR``.

    Returns
    -------
    str
        Empty for the working directory, which it takes where it cannot write there.
    """
    folder = environment.get("TMP", environment.get("TMPDIR", "/tmp"))
    usable = folder and Path(folder).is_dir() and os.access(folder, os.W_OK)
    return folder if usable else ""


def check_working_directory(folder: Path, *, room: bool = True) -> None:
    """Refuse a working directory in which Snakemake cannot keep its notes.

    Parameters
    ----------
    folder : Path
        In which its folder ``.snakemake`` is or will be.
    room : bool
        Whether it will write more than a few names.

    Raises
    ------
    LabError
        Names the folder and what the system says of it.
    """
    notes = folder / ".snakemake"
    inner = [notes, *(notes / name for name in ("locks", "metadata", "incomplete"))]
    place = folder
    while not place.exists():
        place = place.parent
    for asked in (place, *(path for path in inner if path.exists())):
        if not asked.is_dir():
            raise LabError(
                f"{asked}: a file where Snakemake keeps its notes; remove it"
            )
        if not os.access(asked, os.W_OK | os.X_OK):
            raise LabError(
                f"{asked}: read-only, and Snakemake keeps its notes there; make it "
                "writable for you, or start elsewhere: --directory /path/to/folder"
            )
    if room:
        try:
            _write(asked)
        except OSError as why:
            raise LabError(
                f"{asked}: {why.strerror}; make room and run again, or start "
                "elsewhere: --directory /path/to/folder"
            ) from why


def _check_temporary(folder: Path, shown: str, variable: str) -> None:
    try:
        _write(folder)
    except OSError as why:
        raise LabError(
            f"{shown}: {why.strerror}; make room for temporary files there, or name "
            f"another folder: {variable}=/path/to/folder"
        ) from why


def _write(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as stream:
        stream.write(bytes(ROOM))
        stream.flush()
