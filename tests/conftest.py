"""What tests share: the real data set, where there is one, and a finished run."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from workflow.runner import copy_checkout, made_once, run_workflow

REPOSITORY = Path(__file__).resolve().parents[1]
TOGETHER = ("slurm", "real")  # each has a session fixture that takes long
LONG = ("test_unet.py", "test_phantom.py", "test_classifier.py", "test_coverage.py")


# what is drawn is the same at every run, until more is asked for
settings.register_profile("lesionlab", derandomize="DAMAGES" not in os.environ)
settings.load_profile("lesionlab")

# tests are of the CPU, also where there is a GPU
os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_addoption(parser):
    parser.addoption(
        "--write-contract",
        action="store_true",
        help="write docs/rerun-contract.md instead of comparing with it",
    )


class Beside(LoadScopeScheduling):
    """Deal out files; tests that share a cluster or an index stay in one process."""

    def _split_scope(self, nodeid):
        group, name = nodeid.split("::")[0].split("/")[1:3]
        return group if group in TOGETHER else f"{group}/{name}"


def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return Beside(config, log)


def pytest_collection_modifyitems(items):
    """Let what takes long begin first; what takes seconds evens out the end."""

    def order(item):
        group, name = item.nodeid.split("::")[0].split("/")[1:3]
        return group == "unit", name not in LONG

    items.sort(key=order)


@pytest.fixture(scope="session")
def ham10000():
    """Folder of the real HAM10000."""
    folder = os.environ.get("HAM10000_DIR")
    if not folder:
        pytest.skip("HAM10000_DIR is not set: the real HAM10000 is not here")
    return Path(folder)


@pytest.fixture(scope="session")
def repository():
    """Root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def finished(repository, tmp_path_factory):
    """A checkout in which the tiny run has ended well; never edit it, copy it."""

    def make(folder):
        copy_checkout(repository, folder)
        (folder / "printed.txt").write_text(run_workflow(folder).stdout)

    return made_once(tmp_path_factory, "finished", make)
