# What is checked before a config is believed, and before a run writes anything.
from lesionlab.configfiles import check_config_files
from lesionlab.host.occupancy import check_writable, hold_results

HELD = []  # the lock of the results, while this process lives


def guard_config():
    """Check the config files; of the workflow's own, Snakemake has read none yet."""
    own_files = {Path("config.yaml").resolve(), Path(CHECKOUT, "config.yaml").resolve()}
    existing = sorted(path for path in own_files if path.is_file())
    try:
        check_config_files([*workflow.configfiles, *existing])
    except LabError as why:
        refuse(why)


def occupy(folder):
    """Hold the results while this process lives; another run of them is refused."""
    try:
        check_writable(folder)
        return hold_results(folder)
    except LabError as why:
        refuse(why)


if workflow.is_main_process:
    guard_config()
