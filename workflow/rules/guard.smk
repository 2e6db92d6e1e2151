# What is checked before a config is believed, and before a run writes anything.
from lesionlab.configfiles import check_config_files
from lesionlab.host.occupancy import check_place, check_writable, hold_results

HELD = []  # the lock of the results, while this process lives, or None


def guard_config():
    """Check the config files; of the workflow's own, Snakemake has read none yet."""
    own_files = [own("config.yaml")]
    if workflow.modifier.is_main_snakefile():  # in a module, nothing reads it
        own_files.append("config.yaml")
    existing = {Path(f).resolve(): f for f in own_files if Path(f).is_file()}
    try:
        check_config_files([*workflow.configfiles, *existing.values()])
    except LabError as why:
        refuse(why)


def check_results(folder):
    """Check where the results go; of a module, whose hooks may not be called, hold them."""
    try:
        check_place(folder)
    except LabError as why:
        refuse(why)
    if runs_jobs() and not workflow.modifier.is_main_snakefile():
        occupy(folder)


def occupy(folder):
    """Hold the results while this process lives; another run of them is refused."""
    if HELD:
        return
    try:
        check_writable(folder)
        HELD.append(hold_results(folder))
    except LabError as why:
        refuse(why)


if workflow.is_main_process:
    guard_config()
