"""Give each job a GPU of its own among those that this machine, or Slurm, offers."""

import logging
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

from filelock import FileLock, Timeout

VISIBLE = "CUDA_VISIBLE_DEVICES"
NO_DEVICE = ("", "-1", "NoDevFiles")  # the last is Slurm's word
LIST_GPUS = ("nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader")
POLL_SECONDS = 0.5


def list_gpus() -> list[str]:
    """Name the GPUs that this process may use.

    Returns
    -------
    list of str
        Those of ``CUDA_VISIBLE_DEVICES``, of which CUDA sees what stands before the
        first that is none (NVIDIA, CUDA C++ Programming Guide), else the UUIDs that
        ``nvidia-smi`` prints; empty where there is none.
    """
    if VISIBLE in os.environ:
        names = map(str.strip, os.environ[VISIBLE].split(","))
        return list(takewhile(lambda name: name not in NO_DEVICE, names))
    try:
        found = subprocess.run(LIST_GPUS, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return found.stdout.split()


@contextmanager
def claim_gpu(wanted: int, *, locks: Path | None = None) -> Iterator[str | None]:
    """Take a free GPU while the block runs, and show this process no other.

    The locks die with their process, so a killed job leaves none behind.

    Parameters
    ----------
    wanted : int
        0 takes none.
    locks : Path, optional
        Folder of the lock files; by default one for each user and Slurm job, in which
        devices are counted anew, in the system's temporary folder.

    Yields
    ------
    str or None
        The device; None if none is wanted or there is none.
    """
    gpus = list_gpus() if wanted else []
    if not gpus:
        yield None
        return
    owner = f"{os.getuid()}-{os.environ.get('SLURM_JOB_ID', 'local')}"
    folder = locks or Path(tempfile.gettempdir(), f"lesionlab-gpus-{owner}")
    folder.mkdir(parents=True, exist_ok=True)
    before = os.environ.get(VISIBLE)
    gpu, lock = _take_free(gpus, folder)
    os.environ[VISIBLE] = gpu
    try:
        logging.info("runs on GPU %s", gpu)
        yield gpu
    finally:
        lock.release()
        if before is None:
            del os.environ[VISIBLE]
        else:
            os.environ[VISIBLE] = before


def _take_free(gpus: Sequence[str], folder: Path) -> tuple[str, FileLock]:
    said = False
    while True:
        for gpu in gpus:
            lock = FileLock(folder / f"{gpu}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            return gpu, lock
        if not said:
            logging.warning("all %d GPUs are in use; waits for one", len(gpus))
            said = True
        time.sleep(POLL_SECONDS)
