"""A second finished run, beside that on the phantom: a folder, in two folds."""

import shutil

import pytest

from workflow.runner import TINY, made_once, overlay, run_workflow

FOLDER = {
    "run": "folder",
    "dataset": {"source": "folder"},
    "split": {
        "protocol": "kfold",
        "folds": 2,
        "classification": {"train": {"MEL": 8, "NV": 8, "Other_SC": 8}, "valid": 20},
        "segmentation": {"train": 12, "valid": 8, "test": 8},
    },
    "classification": {"arms": ["original"]},
}


@pytest.fixture(scope="session")
def folder_config(finished, tmp_path_factory):
    """The configs of a run on a folder of photographs, in two folds."""
    path = tmp_path_factory.mktemp("config") / "folder.yaml"
    data = finished / "results" / "tiny" / "phantom"
    FOLDER["dataset"]["path"] = str(data)
    return (TINY, overlay(path, FOLDER))


@pytest.fixture(scope="session")
def finished_folds(finished, folder_config, tmp_path_factory):
    """A copy of that checkout once the run on a folder has ended well there, too."""

    def make(folder):
        shutil.copytree(finished, folder, symlinks=True)
        run_workflow(folder, configs=folder_config)

    return made_once(tmp_path_factory, "finished_folds", make)
