"""Choose among the tables of a data root, by their columns and by their names.

The Snakefile calls this while it plans, so it imports nothing heavy.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from lesionlab.errors import LabError
from lesionlab.tables.columns import IDS, find_column, list_diagnoses
from lesionlab.tables.names import ARCHIVES
from lesionlab.tables.reading import peek_header, read_table

# in the order in which one of several copies is taken
TABLES = (".csv", ".tab", ".tsv", ".txt", "")
# official sets beside that of training
HELD_OUT = re.compile(r"(?<![a-z])(test|valid)", re.IGNORECASE)
NAMED = {  # what a name says, and how it is called
    "groundtruth": "diagnoses",
    "lesiongroupings": "metadata",
    "metadata": "metadata",
}
MOVE = "or move it away"


def choose_tables(
    root: Path, names: Sequence[str], lost: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """Choose the tables of diagnoses and the metadata.

    Parameters
    ----------
    root : Path
        Of the data.
    names : sequence of str
        Files that are no pictures.
    lost : Mapping
        Entries that cannot be read, and why.

    Returns
    -------
    truths, metadata : tuple of str
        To be read, the best first; a table may be both.
    set_aside : dict of str
        Tables that are not read, and why.

    Raises
    ------
    LabError
        Names a file whose name says that it is a table that is needed, and that is not
        read.
    """
    headers: dict[str, Sequence[str]] = {}
    set_aside: dict[str, str] = {}
    unread = {n: f"{root / n}: {why}; mend it, {MOVE}" for n, why in lost.items()}
    for name in names:
        if _suffix(name) not in TABLES and not _say_role(name):
            continue
        try:
            header = peek_header(root / name)
        except LabError as why:
            packed = f"{root / name}: is packed; unpack it"
            unread[name] = packed if ARCHIVES.search(name) else str(why)
            if isinstance(why.__cause__, OSError):
                set_aside[name] = f"cannot be read ({why.__cause__.strerror})"
            continue
        if _suffix(name) in TABLES:
            headers[name] = header
        unread[name] = f"{root / name}: {_say_why_unread(name, header)}"
    truths = [n for n in headers if _is_truth(n, headers[n])]
    metadata = [n for n in headers if n not in truths and _is_metadata(n, headers[n])]
    chosen = {*truths, *metadata}
    with_dx = any("dx" in headers[name] for name in metadata)
    truths = _leave_held_out(truths, set_aside, alone=not with_dx)
    metadata = _leave_held_out(metadata, set_aside, alone=True)
    metadata += [name for name in truths if "lesion_id" in headers[name]]
    truths = _leave_copies(root, truths, set_aside)
    metadata = _leave_copies(root, metadata, set_aside)
    read = {"diagnoses": truths, "metadata": metadata}
    for name in sorted(set(unread) - chosen):
        if (role := _say_role(name)) and not read[role]:
            raise LabError(unread[name])
        if role:
            set_aside[name] = f"{read[role][0]} is read"
    return tuple(truths), tuple(metadata), set_aside


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _say_role(name: str) -> str:
    """Give the kind of table that a name claims, if any."""
    file = re.sub(r"[\s_\-]", "", PurePosixPath(name).name.lower())
    if "task1" in file:  # of masks
        return ""
    return next((role for word, role in NAMED.items() if word in file), "")


def _say_why_unread(name: str, header: Sequence[str]) -> str:
    if not header:
        return f"empty; download it again, {MOVE}"
    if _suffix(name) not in TABLES:
        return (
            "its name does not end as that of a table (.csv, .tab, .tsv, .txt); save "
            f"it as CSV UTF-8 under such a name, {MOVE}"
        )
    first = ", ".join(header)[:60]
    return (
        f"its first line ({first!r}) names no column that is known; the first line "
        "must name the columns, such as image_id, parted by comma, semicolon, tab or "
        f"bar; mend it, {MOVE}"
    )


def _leave_held_out(
    names: Sequence[str], set_aside: dict[str, str], *, alone: bool
) -> list[str]:
    """Leave out tables of official test sets; where they stand alone they are meant."""
    official = [n for n in names if HELD_OUT.search(PurePosixPath(n).name)]
    if alone and len(official) == len(names):
        return list(names)
    set_aside |= dict.fromkeys(official, "of an official test or validation set")
    return [n for n in names if n not in official]


def _is_truth(name: str, header: Sequence[str]) -> bool:
    if len(list_diagnoses(header)) > 1:
        return True
    return _say_role(name) == "diagnoses" and len(header) > 1 and "dx" not in header


def _is_metadata(name: str, header: Sequence[str]) -> bool:
    known = {"dx", "lesion_id"} & set(header)
    if len(known) == 2 or (known and find_column(header, IDS)):
        return True
    return _say_role(name) == "metadata" and len(header) > 1


def _leave_copies(
    root: Path, names: Sequence[str], set_aside: dict[str, str]
) -> list[str]:
    """Leave out tables that are equal to another, cell by cell."""
    kept: dict[str, tuple[object, ...]] = {}
    ranked = sorted(names, key=_rank)
    for name in ranked if len(ranked) > 1 else ():
        table = read_table(root / name)
        cells = (table.header, table.rows)
        twin = next((other for other in kept if kept[other] == cells), None)
        if twin is None:
            kept[name] = cells
        else:
            set_aside[name] = f"a copy of {twin}"
    return list(kept) or ranked


def _rank(name: str) -> tuple[int, int, str]:
    path = PurePosixPath(name)
    return len(path.parts), TABLES.index(path.suffix.lower()), name
