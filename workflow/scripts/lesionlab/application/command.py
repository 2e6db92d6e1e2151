"""The command ``lesionlab``: use the models of a finished run."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from lesionlab.errors import LabError
from lesionlab.stage import FORBIDDEN, NO_ROOM

STATUS = """
exit status: 0 the table is there, 1 something is to be mended (one line says what),
2 the command is not understood, 130 stopped by Ctrl-C

Research software, not a medical device."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(
    arguments: Sequence[str] | None = None,
    *,
    more: Sequence[Callable[[Any], None]] = (),
) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the command line if none are given.
    more : sequence of Callable
        That add sub-commands of the wings above, as :func:`add_predict` does.

    Returns
    -------
    int
        Exit status. What a user can mend is one line, and never a traceback.
    """
    parser = Parser(
        "lesionlab",
        description="Use the models of a finished run.",
        epilog=STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (add_predict, *more):
        add(commands)
    given = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", module="PIL")  # of damaged files
    try:
        return int(given.run(given))
    except LabError as why:
        return _say(str(why), 1)
    except KeyboardInterrupt:
        return _say("stopped; the same command goes on where it stood", 130)
    except OSError as why:
        if why.errno in NO_ROOM:
            return _say(
                f"a file could not be written ({why.strerror}); make room, and the "
                "same command goes on where it stood",
                1,
            )
        if why.errno in FORBIDDEN:
            return _say(f"{why.filename}: {why.strerror}; make it accessible", 1)
        raise


def _say(line: str, status: int) -> int:
    print(f"lesionlab: {line}", file=sys.stderr)
    return status


def add_predict(commands: Any) -> None:
    """Add the sub-command ``predict``."""
    parser = commands.add_parser(
        "predict",
        help="predict on a folder of photographs",
        description="Predict on every photograph below a folder. Each file gets a\n"
        "row, one that is no photograph with the reason. Killed, the same command\n"
        "goes on where it stood.",
        epilog="example: lesionlab predict photographs --model results/demo/model "
        f"--out answers.csv\n{STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="folder of JPEG, PNG, WebP, TIFF files"
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="folder results/<run>/model of a run"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("predictions.csv"),
        help="table to write, in a folder that exists; beside it come NAME_masks/ and "
        "NAME.json; what stands there is never overwritten (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=count,
        default=count_cpus(),
        help="CPU threads; the table does not depend on it (default: all, %(default)s)",
    )
    parser.set_defaults(run=predict)


def count_cpus() -> int:
    """Count the CPUs that this process may use, or where none can say, all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def count(text: str) -> int:
    """Read a number from 1 on, or tell argparse why not."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def predict(given: argparse.Namespace) -> int:
    """Run ``lesionlab predict``."""
    # only now: to show a help, or a mistake, takes no second
    from lesionlab.application.folder import predict_folder
    from lesionlab.bundle.manifest import load_bundle

    bundle = load_bundle(given.model)
    facts = predict_folder(given.folder, bundle, given.out, threads=given.threads)
    print(_report(facts, given.out))
    return 0


def _report(facts: dict[str, Any], table: Path) -> str:
    """Say in one line what was done and where it lies."""
    files = facts["files"]
    total = files["judged"] + files["refused"]
    if facts["before"] is None:
        return (
            f"{table}: stands there already, made from these {total} files by this "
            "model; nothing to do"
        )
    before = f", {facts['before']} of them before" if facts["before"] else ""
    return (
        f"{table}: {total} files{before}; {files['judged']} judged, "
        f"{files['warned']} of them with a warning, {files['refused']} refused "
        "(column reason); "
        f"arm {facts['answer']} answers; masks in {table.stem}_masks/. "
        "Research software, not a medical device."
    )
