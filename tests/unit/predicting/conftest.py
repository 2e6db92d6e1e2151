"""A model, photographs, and what was predicted of them in one go."""

import pytest
from tests.unit.made_bundle import make_bundle
from tests.unit.predicting.predicted import write_photographs

from lesionlab.application.folder import predict_folder
from lesionlab.bundle.manifest import load_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return load_bundle(make_bundle(tmp_path_factory.mktemp("made") / "model"))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    return write_photographs(tmp_path_factory.mktemp("photographs"))


@pytest.fixture(scope="module")
def undisturbed(bundle, photographs, tmp_path_factory):
    """Where the same was predicted in one go."""
    target = tmp_path_factory.mktemp("undisturbed") / "p.csv"
    predict_folder(photographs, bundle, target, threads=1)
    return target
