"""Check, before Snakemake starts, what it would end in a traceback of its own on.

``python -m lesionlab.host`` takes the arguments that Snakemake will be given.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lesionlab.configfiles import check_command_line
from lesionlab.errors import LabError
from lesionlab.host.surroundings import check_room, check_working_directory


def check_before(arguments: Sequence[str]) -> None:
    """Check the folders that Snakemake writes to, and its config files.

    Parameters
    ----------
    arguments : sequence of str
        A command line of Snakemake.

    Raises
    ------
    LabError
        Names what is wrong, and the mend.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--directory", "-d", type=Path, default=Path())
    given, _ = parser.parse_known_args(list(arguments))
    check_room()
    check_working_directory(given.directory.absolute())
    check_command_line(arguments)


if __name__ == "__main__":
    try:
        check_before(sys.argv[1:])
    except LabError as why:
        sys.exit(str(why))
