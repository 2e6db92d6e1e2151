# What is checked before a config is believed, and before a run writes anything.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir, "workflow", "scripts")))

from lesionlab.configfiles import check_config_files
from lesionlab.errors import LabError
from lesionlab.occupancy import check_writable, hold_results

HELD = []  # the lock of the results, while this process lives


def guard_config(own):
    """Check the config files; that of the workflow Snakemake has not read yet."""
    named = [*workflow.configfiles, *([own] if own.is_file() else [])]
    try:
        check_config_files(named)
    except LabError as why:
        sys.exit(str(why))


def occupy(folder):
    """Hold the results while this process lives; another run of them is refused."""
    try:
        check_writable(folder)
        return hold_results(folder)
    except LabError as why:
        sys.exit(str(why))


if workflow.is_main_process:
    guard_config(Path("config.yaml"))
