# Where this workflow lies - in a checkout, or fetched by a module from a git host.
import os
import sys
from pathlib import Path

from snakemake.sourcecache import HostingProviderFile, LocalSourceFile


def refuse(why):
    """Stop with one line: a WorkflowError would add the calls that led here."""
    sys.exit(str(why))


def find_checkout():
    """Find the folder that holds `workflow/`; of a module, it is not the importer's."""
    top = workflow.current_basedir.join("../..")
    if isinstance(top, LocalSourceFile):
        return Path(os.path.normpath(top.get_path_or_uri(secret_free=True)))
    if isinstance(top, HostingProviderFile):
        return fetch_checkout(top)
    refuse(
        f"lesionlab: a module from {top.get_path_or_uri(secret_free=True)} lacks its "
        "library; name a checkout, or github(...) or gitlab(...) with a tag"
    )


def fetch_checkout(top):
    """Fetch all files at once: of a script Snakemake fetches no library beside it."""
    config = Path(workflow.sourcecache.get_path(top.join("config.yaml")))
    workflow.sourcecache.get_path(top.join("pyproject.toml"))
    tree = top.hosted_repo.repo.commit(top.ref).tree
    for entry in (tree / "workflow").traverse():
        if entry.type == "blob":
            workflow.sourcecache.get_path(top.join(entry.path))
    return config.parent


def own(path):
    """Name a file of this workflow from the working directory, wherever that is.

    So a checkout that is moved together with its results makes nothing stale.
    """
    return os.path.relpath(Path(CHECKOUT, path))


CHECKOUT = find_checkout()
SCRIPTS = Path(CHECKOUT, "workflow", "scripts")
sys.path.insert(0, str(SCRIPTS))

from lesionlab.errors import LabError
from lesionlab.host.command import plans_jobs, runs_jobs
from lesionlab.host.surroundings import (
    check_checkout,
    check_encodable,
    check_python,
    check_room,
    check_submittable,
    check_working_directory,
)

try:
    check_python()
    check_checkout(CHECKOUT)
    if workflow.is_main_process:  # a job's TMPDIR may be of the head node alone
        check_room()
        if plans_jobs():
            check_working_directory(Path.cwd(), room=runs_jobs())
    if workflow.resource_settings.nodes is not None:
        check_submittable(CHECKOUT, Path.cwd())
except LabError as why:
    refuse(why)
