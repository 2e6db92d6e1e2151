"""Snapshots of a training: atomic, checked, and never picked up by another training.

They live outside a rule's outputs, since Snakemake deletes the outputs of a job that
failed, in a folder named by a digest of all that the result depends on.
"""

import errno
import hashlib
import json
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol, Self

import numpy as np
import safetensors.numpy
from filelock import FileLock, Timeout
from safetensors import SafetensorError

from lesionlab.errors import LabError

KEEP = 2
DIGEST_BYTES = 32
FINISHED = "finished"
FORMAT = 1  # of a snapshot; one of another format is not read
# Slurm's warning before a time limit, and Ctrl-C
STOPS = (signal.SIGTERM, signal.SIGINT)


class Position(Protocol):
    """How far a training is: what it counts on while it goes."""

    epoch: int
    step: int


class TrainingState:
    """The snapshots of one training, held by one process at a time.

    Parameters
    ----------
    folder : Path
        Where the states of a rule live.
    identity : Mapping[str, object]
        All that the result depends on (options, code, inputs, device kind, threads);
        JSON-able. Any difference leads to another folder.
    save_seconds : float
        What a kill may cost at most, in seconds; a snapshot of a ResNet-50 takes one.
    """

    def __init__(
        self,
        folder: Path,
        identity: Mapping[str, object],
        *,
        save_seconds: float = 60.0,
    ) -> None:
        text = json.dumps(identity, sort_keys=True)
        self.folder = folder / hashlib.sha256(text.encode()).hexdigest()
        self.save_seconds = save_seconds
        # a soft lock, the fallback, outlives a process that was killed on another node
        self._lock = FileLock(self.folder / "lock", fallback_to_soft=False)
        self._saved = time.monotonic()
        self._stop: signal.Signals | None = None
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        holder = self.folder / "holder"
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            who = holder.read_text() if holder.exists() else "another process"
            logging.warning("%s trains this already; waits for it", who)
            self._lock.acquire()
        except OSError as why:
            if why.errno != errno.ENOSYS:
                raise
            raise LabError(
                f"{self.folder}: its file system has no locks (flock), so two "
                "processes could train this at once; put results/ on one that has"
            ) from why
        holder.write_text(f"process {os.getpid()} on {os.uname().nodename}")
        self._saved = time.monotonic()
        self._handlers = {kind: signal.signal(kind, self._ask) for kind in STOPS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._lock.release()

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self._stop = signal.Signals(number)

    def checkpoint(
        self,
        save: Callable[[], None],
        position: Position,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """Save if it is time to; save and leave if the process was asked to stop.

        Called wherever the training can be taken up again, at least every few seconds.

        Parameters
        ----------
        save : Callable
            Calls :meth:`save` with all that the training needs to go on.
        position : Position
            How far the training is.
        settle : Callable
            Called before `save`, to bring up to date what it saves.

        Raises
        ------
        LabError
            After SIGTERM or Ctrl-C; the progress is saved.
        """
        due = time.monotonic() - self._saved >= self.save_seconds
        if due or self._stop:
            settle()
            save()
        if self._stop:
            raise LabError(
                f"stopped at epoch {position.epoch}, step {position.step} "
                f"({self._stop.name}); the progress is saved, run the same command "
                "again to go on"
            )

    def load(self) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
        """Read the newest snapshot that is whole; drop those that are of no use.

        Returns
        -------
        tuple of dict or None
            Arrays and facts as they were saved; None if there is no good snapshot.
        """
        paths = self._snapshots()
        for path in reversed(paths):
            content = path.read_bytes()
            body, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
            if hashlib.sha256(body).digest() == digest:
                if found := _unpack(body):
                    return found
                logging.warning("%s: of another version, is ignored", path)
            else:
                logging.warning("%s: damaged, is dropped", path)
            # it would count among the last two, and push out a good one
            path.unlink()
        if paths:
            logging.warning("%s: no good snapshot, begins anew", self.folder)
        return None

    def save(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        """Write a snapshot beside the previous one, then drop the one before that.

        Parameters
        ----------
        arrays : Mapping[str, ndarray]
            Weights, optimizer and generator states.
        facts : Mapping[str, Any]
            JSON-able: position, history, early stopping.

        Raises
        ------
        LabError
            If it cannot be written; the snapshots before it stay good.
        """
        body = _pack(arrays, facts)
        old = self._snapshots()
        number = int(old[-1].stem.split("-")[1]) + 1 if old else 0
        path = self.folder / f"snapshot-{number:08d}.safetensors"
        draft = path.with_suffix(".draft")
        try:
            with draft.open("wb") as stream:
                stream.write(body)
                stream.write(hashlib.sha256(body).digest())
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(path)
            _sync_folder(self.folder)
        except OSError as why:
            draft.unlink(missing_ok=True)
            raise LabError(
                f"{path}: the training state cannot be saved ({why.strerror}); make "
                "room and run again, the state before it is good"
            ) from why
        for path in old[: len(old) + 1 - KEEP]:
            path.unlink()
        self._saved = time.monotonic()

    def finish(self) -> None:
        """Mark the training as finished.

        Its last snapshot stays until the workflow has ended well, so that a training
        whose head process died is taken over and not repeated; of many trainings, two
        each would fill a disk.
        """
        for path in self._snapshots()[:-1]:
            path.unlink()
        (self.folder / FINISHED).touch()

    def _snapshots(self) -> list[Path]:
        return sorted(self.folder.glob("snapshot-*.safetensors"))


def _pack(arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> bytes:
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    shapes = {name: list(array.shape) for name, array in arrays.items()}
    # one entry: several would be written in an order that changes from time to time
    notes = json.dumps({"format": FORMAT, "facts": facts, "shapes": shapes})
    return safetensors.numpy.save(whole, metadata={"notes": notes})


def _unpack(body: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Give arrays and facts back; None if another version packed them otherwise."""
    try:
        arrays = safetensors.numpy.load(body)
        length = int.from_bytes(body[:8], "little")
        notes = json.loads(json.loads(body[8 : 8 + length])["__metadata__"]["notes"])
        if notes["format"] != FORMAT:
            return None
        shaped = {name: a.reshape(notes["shapes"][name]) for name, a in arrays.items()}
        facts: dict[str, Any] = notes["facts"]
    except (SafetensorError, ValueError, LookupError, TypeError):
        return None
    return shaped, facts


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
