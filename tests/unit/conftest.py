"""A small data folder; a Dataverse on the loopback, and where its files go."""

import pytest

from unit.dataverse_server import running
from unit.folder import make_folder


@pytest.fixture
def root(tmp_path):
    """A data root of six sound photographs."""
    make_folder(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def server():
    """A Dataverse on the loopback, with a small HAM10000."""
    with running() as server:
        yield server


@pytest.fixture
def cache(tmp_path):
    """Where downloads are kept."""
    return tmp_path / "downloads"
