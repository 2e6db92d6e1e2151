"""A Dataverse on the loopback, and where its files go."""

import pytest

from unit.dataverse_server import running


@pytest.fixture
def server():
    """A Dataverse on the loopback, with a small HAM10000."""
    with running() as server:
        yield server


@pytest.fixture
def cache(tmp_path):
    """Where downloads are kept."""
    return tmp_path / "downloads"
