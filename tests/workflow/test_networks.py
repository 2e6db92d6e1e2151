"""Each other kind of network, from the photographs to the report."""

import json

import pytest

from lesionlab.files import read_csv
from workflow.runner import TINY, copy_data, overlay, run_workflow

pytestmark = pytest.mark.workflow

NETWORKS = {
    "segmentation": {
        "model": "smp/fpn",
        "encoder": "tu-mobilenetv3_small_050",
        "width": 64,
    },
    "classification": {
        "model": "timm/mobilenetv3_small_050",
        "trainable": "head",
        "optimizer": "adamw",
        "augmentation": {"jitter": 0},
    },
}
LEARNED = ("history.csv", "by_mask.csv")  # how many rows they have
SAME = (
    "fold0/segmentation/history.csv",
    "fold0/segmentation/threshold.csv",
    "fold0/segmentation/scores.csv",
    "fold0/segmentation/mask_scores.csv",
    "fold0/segmentation/masks/manifest.csv",
    "fold0/classification/segmented/seed1/history.csv",
    "fold0/classification/segmented/seed1/predictions.csv",
    "comparison/pairs.csv",
    "comparison/trainings.csv",
    "comparison/by_mask.csv",
)


@pytest.fixture(scope="module")
def runs(finished, tmp_path_factory):
    """A run of the first two networks, and one of others on the same split."""
    folder = tmp_path_factory.mktemp("networks")
    other = copy_data(finished, folder / "checkout")
    run_workflow(other, configs=(TINY, overlay(folder / "networks.yaml", NETWORKS)))
    return finished / "results" / "tiny", other / "results" / "tiny"


@pytest.mark.parametrize("name", SAME)
def test_what_follows_does_not_know_which_network_ran(runs, name):
    first, other = (read_csv(run / name) for run in runs)
    assert list(first.columns) == list(other.columns)
    if not name.endswith(LEARNED):
        assert len(first) == len(other)


def test_the_report_names_the_networks(runs):
    _, run = runs
    page = (run / "report.html").read_text()
    for network in ("smp/fpn tu-mobilenetv3_small_050", "timm/mobilenetv3_small_050"):
        assert f"<td>{network}</td>" in page
    facts = json.loads(
        (run / "fold0/classification/original/seed1/training.json").read_text()
    )
    assert facts["trainable_parameters"] < facts["parameters"] / 100
