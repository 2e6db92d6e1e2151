"""The leak, measured: both ways of training on the same test photographs."""

import json
import re

import pytest

from lesionlab.files import read_csv
from workflow.runner import TINY, copy_data, overlay, run_workflow

pytestmark = pytest.mark.workflow

GROUPED, IMAGE = "original/grouped", "original/image"


@pytest.fixture(scope="module")
def leak(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("leak")
    change = {"split": {"protocol": "leak"}}
    change["classification"] = {"arms": ["original"], "seeds": [1, 2]}
    mine = overlay(folder / "leak.yaml", change)
    checkout = copy_data(finished, folder / "checkout")
    run_workflow(checkout, configs=(TINY, mine))
    return checkout / "results" / "tiny"


def test_one_way_leaks_and_the_other_does_not(leak):
    leakage = json.loads((leak / "split/audit.json").read_text())["leakage"]
    assert leakage["fold0"]["classification"]["all"] == 0
    assert leakage["fold1"]["classification"]["all"] > 0
    predictions = read_csv(leak / "comparison/predictions.csv").query("set == 'test'")
    shown = predictions.groupby(["arm", "seed"])["image_id"].apply(tuple)
    assert len(shown) == 4
    assert shown.nunique() == 1


def test_both_ways_are_compared_paired_by_seed_and_by_class(leak):
    comparison = json.loads((leak / "comparison/comparison.json").read_text())
    seeds = ["seed1", "seed2"]
    assert comparison["seeds"] == {GROUPED: seeds, IMAGE: seeds}
    [verdict] = comparison["verdicts"]
    assert (verdict["a"], verdict["b"]) == (GROUPED, IMAGE)
    assert comparison["pairs"][0]["trainings"] == 2
    classes = [row["class"] for row in comparison["by_class"]]
    assert sorted(set(classes)) == ["MEL", "NV", "Other_SC"]


def test_its_report_asks_what_the_leak_adds(leak):
    html = (leak / "report.html").read_text()
    words = re.sub(r'"data:[^"]+"|<[^>]+>', "", html)
    assert "what does a split by single photographs" in words
    assert "This split leaks." in words
    assert "does cutting the lesion out of a skin photograph" not in words
    # no arm of it waits for a U-Net, and none is judged by its mask
    assert not (leak / "fold0/segmentation").exists()
    assert not (leak / "comparison/by_mask.csv").exists()
