"""Find the jobs that a head process which died left in Slurm's queue.

Snakemake forgets them with the process, and its plugin would submit them again. All
jobs of one head process bear one name, which is noted in the run's folder.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from lesionlab.errors import LabError

HEADS = ".slurm"  # in the run's folder: a file for each head process
SHOWN = 10  # jobs that are named at most


class Job(NamedTuple):
    """A job in the queue."""

    number: str
    head: str
    state: str
    stage: str


def note_head(run: Path, name: str) -> None:
    """Note a head process before it submits anything.

    Parameters
    ----------
    run : Path
        Folder of the run's results.
    name : str
        That its jobs bear.
    """
    file = run / HEADS / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{socket.gethostname()} {os.getpid()}\n", encoding="utf-8")


def list_left_jobs(run: Path) -> list[Job]:
    """List what head processes of a run left in the queue.

    Parameters
    ----------
    run : Path
        Folder of the run's results.

    Returns
    -------
    list of Job
        Empty, too, where there is no ``squeue``: the results were taken elsewhere.

    Raises
    ------
    LabError
        If ``squeue`` does not answer.
    """
    heads = {file.name: file for file in Path(run, HEADS).glob("*")}
    if not heads or not shutil.which("squeue"):
        return []
    command = ["squeue", "--me", "--noheader", "--format=%i|%j|%T|%k"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(
            f"slurm: squeue does not say whether jobs of an earlier call for {run} are "
            f"left ({' '.join(done.stderr.split())}); try again later"
        )
    lines = (line.split("|", 3) for line in done.stdout.splitlines())
    # the user's other jobs may bear any name and comment, of several lines too
    return [_read_job(*parts) for parts in lines if parts[1:2] and parts[1] in heads]


def refuse_left_jobs(run: Path, *, held: bool) -> None:
    """Refuse to start while jobs of an earlier head process are left.

    Parameters
    ----------
    run : Path
        Folder of the run's results.
    held : bool
        Whether this process holds the results. Then the heads that left nothing are
        forgotten; else one may live and have nothing in the queue at the moment.

    Raises
    ------
    LabError
        Names them, or says that ``squeue`` does not answer.
    """
    heads = list(Path(run, HEADS).glob("*"))
    left = list_left_jobs(run)
    if held and shutil.which("squeue"):
        for head in heads:
            if head.name not in {job.head for job in left}:
                head.unlink(missing_ok=True)
    if left:
        numbers = " ".join(job.number for job in left[:SHOWN])
        raise LabError(
            f"slurm: jobs of an earlier call for {run} still run or wait: "
            f"{_name_jobs(left)}; wait until they end, or set LESIONLAB_WAIT=30 to let "
            f"this call wait for them, or cancel them: scancel {numbers}"
        )


def wait_for_left_jobs(
    run: Path, interval: str, *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until no job of an earlier head process is left; nothing is written.

    Parameters
    ----------
    run : Path
        Folder of the run's results.
    interval : str
        Seconds between two looks at the queue, as ``LESIONLAB_WAIT`` names them.
    sleep : Callable
        Another one is for tests.

    Raises
    ------
    LabError
        If the interval is no number of seconds, or ``squeue`` does not answer.
    """
    if not interval.isdecimal() or int(interval) == 0:
        raise LabError(
            f"LESIONLAB_WAIT: {interval!r} is not allowed; a whole number of seconds "
            "between two looks at the queue, such as 30"
        )
    said = ""
    while left := list_left_jobs(run):
        shown = _name_jobs(left)
        if shown != said:
            print(f"slurm: waits for jobs of an earlier call: {shown}", file=sys.stderr)
            said = shown
        sleep(int(interval))


def _read_job(number: str, head: str, state: str, comment: str) -> Job:
    stage = comment.removeprefix("rule_").replace("_wildcards_", " ")
    return Job(number, head, state, stage)


def _name_jobs(jobs: Sequence[Job]) -> str:
    named = [f"{job.number} {job.stage} ({job.state.lower()})" for job in jobs[:SHOWN]]
    more = [f"and {len(jobs) - SHOWN} more"] if len(jobs) > SHOWN else []
    return ", ".join(named + more)
