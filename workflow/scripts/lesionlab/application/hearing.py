"""Decode in several threads, and still hear of which photograph a decoder complains."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore
from typing import TextIO

import numpy as np

from lesionlab.application.photographs import decode_photograph
from lesionlab.decoding.wholeness import judge_warnings, overhear
from lesionlab.errors import LabError

Decode = Callable[[bytes], np.ndarray]


@contextmanager
def listen(threads: int) -> Iterator[tuple[Decode, TextIO]]:
    """Keep the standard error for what decoders say.

    A JPEG that is damaged in its middle is decoded all the same, grey from there on.
    libjpeg says so on the standard error alone, and names no file. Where anything was
    said while a photograph was decoded, it is decoded once more, and others wait.

    Parameters
    ----------
    threads : int
        That decode at once, at most.

    Yields
    ------
    decode : callable
        As :func:`~lesionlab.application.photographs.decode_photograph`, but what is
        truncated or damaged within is refused too.
    screen : file
        The standard error as it was.
    """
    turns, alone = Semaphore(threads), Lock()
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said, os.fdopen(kept, "w") as screen:

        def decode(content: bytes) -> np.ndarray:
            before = os.fstat(said.fileno()).st_size
            with turns:
                pixels = decode_photograph(content)
            if os.fstat(said.fileno()).st_size == before:
                return pixels
            with alone:
                for _ in range(threads):
                    turns.acquire()
                try:
                    pixels, words = overhear(lambda: decode_photograph(content))
                finally:
                    turns.release(threads)
            if reason := judge_warnings(words):
                raise LabError(reason)
            return pixels

        os.dup2(said.fileno(), 2)
        try:
            yield decode, screen
        finally:
            os.dup2(kept, 2)
