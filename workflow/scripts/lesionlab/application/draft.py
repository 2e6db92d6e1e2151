"""A table that is not finished: what is done of it outlives a killed process."""

import csv
import io
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from lesionlab.application.photographs import UNREAD
from lesionlab.errors import LabError
from lesionlab.files import read_json, write_json
from lesionlab.host.occupancy import LOCKLESS

Row = Mapping[str, Any]
ROWS, MASKS, IDENTITY = "rows.csv", "masks", "identity.json"  # inside a draft
LONGEST_NAME = 255  # bytes
AWAY = "move it away, or name another place"
OTHERWISE = {
    "photographs": "of other photographs",
    "model": "by another model",
    "made_by": "by other libraries",
    "code": "by another version of LesionLab",
}


class Places(NamedTuple):
    """Where a prediction lies, and what is not finished of it."""

    table: Path
    facts: Path
    masks: Path
    draft: Path


def choose_places(target: Path) -> Places:
    """Lay out the results beside the table.

    Parameters
    ----------
    target : Path
        The table, ``.csv``, in a folder that exists.

    Returns
    -------
    Places

    Raises
    ------
    LabError
        If nothing can be written there.
    """
    folder = target.parent
    if target.suffix != ".csv":
        raise LabError(f"{target}: no name of a table; let it end with .csv")
    if not folder.is_dir():
        raise LabError(f"{folder}: no such folder; make it, or name another place")
    if target.is_dir():
        raise LabError(f"{target}: a folder; name a file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LabError(f"{folder}: not writable for you; name another place")
    stem = target.stem
    draft = target.with_name(f".{stem}.unfinished")
    if (too_long := len(os.fsencode(draft.name)) - LONGEST_NAME) > 0:
        raise LabError(f"{target}: a name too long by {too_long} bytes; shorten it")
    return Places(
        target, target.with_suffix(".json"), target.with_name(f"{stem}_masks"), draft
    )


def read_finished(places: Places, identity: Mapping[str, Any]) -> dict[str, Any] | None:
    """Read the facts of a prediction that is finished.

    Parameters
    ----------
    places : Places
        Of :func:`choose_places`.
    identity : Mapping
        What it is made from.

    Returns
    -------
    dict or None
        Facts of the table that stands there, made from the same; None where nothing
        stands.

    Raises
    ------
    LabError
        If something else stands there: nothing of the user's is overwritten.
    """
    if places.table.exists():
        facts = _read_facts(places.facts)
        changed = [name for name in identity if facts.get(name) != identity[name]]
        if not changed:
            shutil.rmtree(places.draft, ignore_errors=True)
            return facts
        made = ", ".join(OTHERWISE[name] for name in changed) if facts else "otherwise"
        raise LabError(
            f"{places.table}: stands there, made {made}; move it away with what lies "
            "beside it, or name another place"
        )
    if not _was_moved(places):
        _refuse_what_stands(places.masks, places.facts)
    return None


def _refuse_what_stands(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise LabError(f"{path}: stands there; {AWAY}")


def _was_moved(places: Places) -> bool:
    """Tell that a process was killed while it moved masks and table into place."""
    draft = places.draft
    return (draft / ROWS).exists() and not (draft / MASKS).exists()


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts = read_json(path)
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


class Draft:
    """Rows and masks of a prediction that is under way.

    Parameters
    ----------
    places : Places
        Of :func:`choose_places`.
    identity : Mapping
        What it is made from; a draft of something else is thrown away.
    columns : sequence of str
        Of the table, the first is the name of the file.
    files : sequence of (str, str)
        What each row is to be: the name of its file in the table, and that of its mask
        below the folder of masks.
    group : int
        Rows are added so many at once.

    Attributes
    ----------
    done : int
        Rows that stand.
    counts : Counter
        ``judged``, ``refused`` and ``warned`` among them.
    """

    def __init__(
        self,
        places: Places,
        identity: Mapping[str, Any],
        *,
        columns: Sequence[str],
        files: Sequence[tuple[str, str]],
        group: int,
    ) -> None:
        self.places, self.columns, self.files = places, list(columns), files
        self.done, self.counts = 0, Counter[str]()
        self._rows = places.draft / ROWS
        if _was_moved(places) and places.masks.exists():
            places.masks.replace(self.masks)
            places.facts.unlink(missing_ok=True)
        begun = _read_facts(places.draft / IDENTITY)
        if begun == identity:
            self._go_on(group)
        elif begun:
            differ = [name for name in identity if begun.get(name) != identity[name]]
            changed = ", ".join(differ)
            line = f"{places.table}: begins anew, since what it is made from changed"
            print(f"{line} ({changed})", file=sys.stderr)
        if self.done:
            self.masks.mkdir(exist_ok=True)
        else:
            self._begin(identity)

    @property
    def masks(self) -> Path:
        """Folder of the masks, until the table is finished."""
        return self.places.draft / MASKS

    def _begin(self, identity: Mapping[str, Any]) -> None:
        self._rows.unlink(missing_ok=True)
        shutil.rmtree(self.masks, ignore_errors=True)
        self.masks.mkdir()
        write_json(self.places.draft / IDENTITY, identity)
        with self._rows.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(self.columns)

    def _go_on(self, group: int) -> None:
        """Keep the groups of rows that are whole, and whose masks are there."""
        rows = _read_rows(self._rows)
        length, seen = 0, Counter[str]()
        if next(rows, ([], 0))[0] != self.columns:
            return
        for number, ((row, end), file) in enumerate(
            zip(rows, self.files, strict=False), 1
        ):
            if not self._fits(row, *file):
                break
            seen.update(_count(dict(zip(self.columns, row, strict=True))))
            if number % group == 0 or number == len(self.files):
                self.done, length, self.counts = number, end, seen.copy()
        if self.done:
            os.truncate(self._rows, length)

    def _fits(self, row: list[str], name: str, mask: str) -> bool:
        if len(row) != len(self.columns) or row[0] != name:
            return False
        refused = dict(zip(self.columns, row, strict=True))["reason"]
        # what could not be read then may be readable now
        if refused.startswith(UNREAD):
            return False
        return bool(refused) or (self.masks / mask).is_file()

    def add(self, rows: Sequence[Row]) -> None:
        """Add a group of rows, in the order of their names."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([row.get(name, "") for name in self.columns] for row in rows)
        with self._rows.open("ab") as stream:
            stream.write(text.getvalue().encode())
        self.done += len(rows)
        for row in rows:
            self.counts.update(_count(row))

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Move everything into place, the table last.

        Raises
        ------
        LabError
            If something was put there meanwhile; the draft stays, and goes on from
            there.
        """
        _refuse_what_stands(self.places.table, self.places.masks, self.places.facts)
        with self._rows.open("rb") as stream:
            os.fsync(stream.fileno())
        self.masks.replace(self.places.masks)
        write_json(self.places.facts, facts)
        self._rows.replace(self.places.table)
        shutil.rmtree(self.places.draft, ignore_errors=True)


def _count(row: Row) -> list[str]:
    if row.get("reason"):
        return ["refused"]
    return ["judged", "warned"] if row.get("warnings") else ["judged"]


def _read_rows(path: Path) -> Iterator[tuple[list[str], int]]:
    """Read rows, and where each ends; what a killed process wrote in part is left."""
    end, whole = 0, True

    def lines() -> Iterator[str]:
        nonlocal end, whole
        for line in stream:
            end, whole = end + len(line), line.endswith(b"\n")
            yield line.decode()

    try:
        with path.open("rb") as stream:
            for row in csv.reader(lines()):
                if whole:
                    yield row, end
    except (OSError, csv.Error, UnicodeDecodeError):
        return


@contextmanager
def hold(places: Places) -> Iterator[None]:
    """Hold a draft, so that two processes do not write one table.

    Raises
    ------
    LabError
        If another process holds it.
    """
    places.draft.mkdir(exist_ok=True)
    lock = FileLock(places.draft / "lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LabError(
            f"{places.table}: another process writes it; wait for it, or name another "
            "place"
        ) from None
    except OSError as why:
        if why.errno not in LOCKLESS:
            raise
    try:
        yield
    finally:
        if not (places.draft / ROWS).exists():  # nothing is begun, or all is in place
            shutil.rmtree(places.draft, ignore_errors=True)
        lock.release()
