"""How a rule's script starts: its files, its options, its log and its last words."""

import errno
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lesionlab.devices import claim_gpu
from lesionlab.errors import LabError

Options = Mapping[str, Any]
# what the system says of a full disk, a quota, and a limit of the size of a file
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# and where nothing may be written, whatever the room
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Paths(SimpleNamespace):
    """The files of one job by name: a Path each, or a list of Paths."""


def _named_paths(*groups: Any) -> Paths:
    paths = {}
    for group in groups:
        for name, value in group.items():
            many = not isinstance(value, str)
            paths[name] = [Path(item) for item in value] if many else Path(value)
    return Paths(**paths)


def run_stage(main: Callable[..., None]) -> None:
    """Run a script's ``main`` on the job that Snakemake hands over.

    Progress and warnings go to the rule's log. A :class:`LabError` becomes one line
    on the terminal and in the log, and so do a full disk and a folder that may not be
    written; any other exception leaves its traceback there.

    Parameters
    ----------
    main : Callable
        Called as ``main(paths, options=options)``; `options` also carries ``code``, the
        digest of the code that runs, and ``workers`` where the rule names them.
        Snakemake has put its object ``snakemake`` among the globals of the script.
    """
    snakemake = main.__globals__["snakemake"]
    tracked = {"code", "options"}
    extra = {k: v for k, v in snakemake.params.items() if k not in tracked}
    workers = {"workers": extra.pop("workers")} if "workers" in extra else {}
    paths = _named_paths(snakemake.input, snakemake.output, extra)
    options = {**snakemake.params.options, "code": snakemake.params.code, **workers}
    started = time.monotonic()
    try:
        _start_log(Path(str(snakemake.log)))
        with claim_gpu(int(snakemake.resources.get("gpu", 0))):
            main(paths, options=options)
    except LabError as why:
        logging.error("%s", why)
        sys.exit(f"{snakemake.rule}: {why}")
    except Exception as why:
        if lack := _lack_of_room(why):
            line = f"a file could not be written ({lack}); make room and run again"
            logging.error("%s", line)
            sys.exit(f"{snakemake.rule}: {line}")
        if isinstance(why, OSError) and why.errno in FORBIDDEN:
            name = why.filename or "a file"
            line = f"{name}: {why.strerror}; make it accessible and run again"
            logging.error("%s", line)
            sys.exit(f"{snakemake.rule}: {line}")
        logging.exception("%s failed", snakemake.rule)
        raise
    logging.info("%s took %.1f s", snakemake.rule, time.monotonic() - started)


def _start_log(log: Path) -> None:
    # a line that finds no room in the log would print a traceback of its own
    logging.raiseExceptions = False
    log.parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        force=True,
    )


def _lack_of_room(why: Exception) -> str | None:
    """Say which limit was reached; some libraries hand on its message alone."""
    messages = (os.strerror(number) for number in NO_ROOM)
    return next((message for message in messages if message in str(why)), None)


def limit_threads(threads: int) -> None:
    """Let every numerical library of this process use so many threads.

    Sums depend on the number of threads, and two trainings side by side with default
    threads spin: so it is set before TensorFlow, torch or a BLAS is imported.

    Parameters
    ----------
    threads : int
        At least 1.
    """
    for name in (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    ):
        os.environ[name] = str(threads)


def provenance(code: str, packages: tuple[str, ...]) -> dict[str, Any]:
    """Say which code and which versions made a scores file.

    Parameters
    ----------
    code : str
        The digest in ``options["code"]``.
    packages : tuple of str
        Names of distributions.

    Returns
    -------
    dict
        ``{"code": ..., "versions": {...}}``, to be merged into the file.
    """
    return {"code": code, "versions": {name: version(name) for name in packages}}
