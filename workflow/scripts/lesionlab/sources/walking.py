"""List the files of a data root; what cannot be read is named, and ends nothing.

The Snakefile calls this while it plans, so it imports nothing heavy.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from lesionlab.errors import LabError

DEPTH, FILES = 4, 500_000
EMPTY = "is an empty folder"
HIDDEN = (".", "__MACOSX")


def walk(root: Path) -> tuple[list[str], dict[str, str]]:
    """List files down to some depth; links are followed, hidden names are not.

    Parameters
    ----------
    root : Path
        A folder.

    Returns
    -------
    names : list of str
        Relative to `root`, with slashes, sorted.
    lost : dict of str
        Entries that are no readable file or folder, folders with a slash at their end,
        and why.

    Raises
    ------
    LabError
        If the root itself cannot be listed, or holds too many files.
    """
    names: list[str] = []
    lost: dict[str, str] = {}
    waiting, seen = [("", 0)], {os.path.realpath(root)}
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = list(_list_entries(root / folder, folder, lost))
        except OSError as why:
            if not folder:
                raise LabError(f"{root}: cannot be read ({why.strerror})") from why
            lost[folder] = f"cannot be read ({why.strerror})"
            continue
        if folder and not entries:
            lost[folder] = EMPTY
        for name, path, is_folder in entries:
            if not is_folder:
                names.append(name)
            elif depth == DEPTH:
                lost[f"{name}/"] = f"lies deeper than {DEPTH} folders"
            elif (real := os.path.realpath(path)) not in seen:
                seen.add(real)
                waiting.append((f"{name}/", depth + 1))
        if len(names) > FILES:
            raise LabError(
                f"{root}: more than {FILES} files; name the folder of the photographs "
                "itself"
            )
    return sorted(names), dict(sorted(lost.items()))


def _list_entries(
    place: Path, folder: str, lost: dict[str, str]
) -> Iterator[tuple[str, str, bool]]:
    """Give name, path and whether it is a folder of all that can be followed."""
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(HIDDEN):
                continue
            name = f"{folder}{entry.name}"
            try:
                is_folder, is_file = entry.is_dir(), entry.is_file()
            except OSError as why:  # a link that leads to itself
                lost[name] = f"cannot be read ({why.strerror})"
                continue
            if is_folder or is_file:
                yield name, entry.path, is_folder
            elif entry.is_symlink():
                lost[name] = "is a link to nothing"
