"""What tests share: the real data set, where there is one, and a finished run."""

import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from workflow.runner import copy_checkout, run_workflow

REPOSITORY = Path(__file__).resolve().parents[1]


# tests are of the CPU, also where there is a GPU
os.environ["CUDA_VISIBLE_DEVICES"] = ""


def pytest_addoption(parser):
    parser.addoption(
        "--write-contract",
        action="store_true",
        help="write docs/rerun-contract.md instead of comparing with it",
    )


class Beside(LoadScopeScheduling):
    """Files of unit tests, beside one process for what shares finished runs."""

    def _split_scope(self, nodeid):
        file = nodeid.split("::")[0]
        return file if file.startswith("tests/unit/") else "runs"


def pytest_xdist_make_scheduler(config, log):
    return Beside(config, log)


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
    checkout = copy_checkout(repository, tmp_path_factory.mktemp("finished"))
    (checkout / "printed.txt").write_text(run_workflow(checkout).stdout)
    return checkout
