"""Whether a run may write its results: folders that it can write, and no other run.

Snakemake locks its working directory. Two working directories may share their results
through a link, and then only a lock that lies in the results keeps two runs apart.
"""

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lesionlab.errors import LabError

BUSY = (
    "another run works on these results ({who}); wait until it has ended, or give this "
    "one another name (run:)"
)
SHARED_BUSY = (
    "another run is making what all runs here share ({who}); start again once that is "
    "there, or has ended"
)
# what a file system without locks says when it is asked for one
LOCKLESS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)


def check_place(folder: Path) -> None:
    """Refuse a place where no folder can be, before Snakemake looks into it.

    Parameters
    ----------
    folder : Path
        Of a run; it may not be there yet.

    Raises
    ------
    LabError
        Names the first of it and its parents that is a file, a link to nothing, or
        cannot be looked at.
    """
    for place in (*reversed(folder.parents), folder):
        try:
            stands = place.exists()
        except OSError as why:
            raise LabError(
                f"{place}: {why.strerror}; make it accessible for you, or give the run "
                "another name (run:)"
            ) from why
        if place.is_symlink() and not stands:
            raise LabError(
                f"{place}: a link to {place.readlink()}, which is not there; make "
                "that folder, or remove the link"
            )
        if stands and not place.is_dir():
            raise LabError(f"{place}: a file where results would go; move it away")


def check_writable(folder: Path) -> None:
    """Refuse results that cannot be written, before a stage finds it out.

    Parameters
    ----------
    folder : Path
        Of a run; it, those in it and its nearest parent that exists are asked.

    Raises
    ------
    LabError
        Names the first folder that is read-only.
    """
    check_place(folder)
    place = folder
    while not place.exists():
        place = place.parent
    inner = sorted(path for path in folder.glob("*") if path.is_dir())
    for asked in (place, *inner):
        if not os.access(asked, os.W_OK | os.X_OK):
            raise LabError(
                f"{asked}: read-only, so that no result can be written; make it "
                "writable for you, or give the run another name (run:)"
            )


@contextmanager
def hold_while_writing(folder: Path) -> Iterator[None]:
    """Hold a folder that runs share; wait for another process that does, and say so.

    Parameters
    ----------
    folder : Path
        The lock lies beside it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = folder.with_name(f".{folder.name}.lock")
    lock = FileLock(place, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        line = f"{folder}: another process writes there; this one waits for it"
        logging.warning(line)
        print(line, file=sys.stderr, flush=True)
        lock.acquire()
    except OSError as why:
        if why.errno not in LOCKLESS:
            raise
    try:
        yield
    finally:
        lock.release()


def hold_results(folder: Path, busy: str = BUSY) -> FileLock | None:
    """Hold the results of a run until this process ends.

    Parameters
    ----------
    folder : Path
        Of the run; made if it is not there.
    busy : str
        What is said where another process holds them.

    Returns
    -------
    FileLock or None
        To be kept; None where the file system knows no locks.

    Raises
    ------
    LabError
        If another process holds them, which is named, or the lock cannot be made or
        opened: for want of room, or since it belongs to somebody else.
    """
    place = folder / ".state"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise LabError(
            f"{place}: cannot be made ({why.strerror}); make room and run again"
        ) from why
    # a soft lock, the fallback, outlives a process that was killed
    lock = FileLock(place / "run.lock", fallback_to_soft=False)
    holder = place / "run.holder"
    try:
        lock.acquire(timeout=0)
    except Timeout as why:
        who = holder.read_text(encoding="utf-8") if holder.exists() else "a process"
        raise LabError(f"{folder}: {busy.format(who=who)}") from why
    except OSError as why:
        if why.errno in LOCKLESS:
            return None
        raise LabError(
            f"{place / 'run.lock'}: cannot be opened ({why.strerror}), so that nothing "
            "keeps two runs apart; make it and its folder writable for you (chmod, "
            "chown), or give the run another name (run:)"
        ) from why
    # for people alone; on a full disk another run is refused without its name
    text = f"process {os.getpid()} on {os.uname().nodename}"
    with suppress(OSError):
        holder.write_text(text, encoding="utf-8")
    return lock
