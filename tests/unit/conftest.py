"""What tests share: a data folder, a Dataverse on the loopback, a made-up model."""

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


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """The networks of a made-up model."""
    # only now: most tests need no onnx
    from lesionlab.application.engine import load_networks
    from lesionlab.bundle.manifest import load_bundle
    from unit.made_bundle import make_bundle

    folder = make_bundle(tmp_path_factory.mktemp("model"))
    return load_networks(load_bundle(folder), threads=1)


@pytest.fixture
def bundle(tmp_path):
    """A bundle of one arm, to be changed."""
    from lesionlab.bundle.manifest import load_bundle
    from unit.made_bundle import make_bundle

    return load_bundle(make_bundle(tmp_path, arms=("original",)))
