"""The command ``lesionlab`` with all its sub-commands."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lesionlab.application.command import count, count_cpus
from lesionlab.application.command import main as run

PORT = 7860
STATUS = """
exit status: 0 stopped by Ctrl-C, 1 something is to be mended (one line says what),
2 the command is not understood

Research software, not a medical device."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, see :func:`lesionlab.application.command.main`."""
    return run(arguments, more=[add_app])


def add_app(commands: Any) -> None:
    """Add the sub-command ``app``."""
    parser = commands.add_parser(
        "app",
        help="a page in the browser that judges photographs",
        description="Serve a page on this machine alone, which judges photographs that "
        "are dropped\non it. They stay in memory, and nothing is sent anywhere.",
        epilog=f"example: lesionlab app --model results/demo/model\n{STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="folder results/<run>/model of a run"
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        help="of 127.0.0.1; 0 takes any that is free (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=count,
        default=count_cpus(),
        help="CPU threads of a network (default: all, %(default)s)",
    )
    parser.set_defaults(run=app)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 0 to 65535")
    return int(text)


def app(given: argparse.Namespace) -> int:
    """Run ``lesionlab app``."""
    # only now: to show a help, or a mistake, takes no second
    from lesionlab.page.server import open_page

    open_page(given.model, port=given.port, threads=given.threads)
    return 0
