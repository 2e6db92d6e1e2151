"""Whether a run may write its results: folders that it can write, and no other run.

Snakemake locks its working directory. Two working directories may share their results
through a link, and then only a lock that lies in the results keeps two runs apart.
"""

import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lesionlab.errors import LabError


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
    place = folder
    while not place.exists():
        place = place.parent
    inner = sorted(path for path in folder.glob("*") if path.is_dir())
    for asked in (place, *inner):
        if not asked.is_dir():
            raise LabError(f"{asked}: a file where results would go; move it away")
        if not os.access(asked, os.W_OK | os.X_OK):
            raise LabError(
                f"{asked}: read-only, so that no result can be written; make it "
                "writable for you, or give the run another name (run:)"
            )


def hold_results(folder: Path) -> FileLock | None:
    """Hold the results of a run until this process ends.

    Parameters
    ----------
    folder : Path
        Of the run; made if it is not there.

    Returns
    -------
    FileLock or None
        To be kept; None where the file system knows no locks.

    Raises
    ------
    LabError
        If another process holds them, which is named, or there is no room.
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
        raise LabError(
            f"{folder}: another run works on these results ({who}); wait until it has "
            "ended, or give this one another name (run:)"
        ) from why
    except (OSError, NotImplementedError):
        return None
    # for people alone; on a full disk another run is refused without its name
    text = f"process {os.getpid()} on {os.uname().nodename}"
    with suppress(OSError):
        holder.write_text(text, encoding="utf-8")
    return lock
