"""What a run shows: the report, the headline and the masks behind them."""

import re

import pytest

from lesionlab.files import read_csv
from workflow.runner import run_workflow

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def run(finished):
    return finished / "results" / "tiny"


def test_the_report_is_one_file_that_says_what_it_is(run):
    html = (run / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    assert "url(" not in html or not re.findall(r"url\((?!['\"]?data:)", html)
    for text in (
        "Synthetic data",
        "not a medical device",
        "McNemar",
        "One training.",
        "establishes nothing",
        "The truth of this phantom",
        "train_classifier",
        "segmentation:",
    ):
        assert text.lower() in html.lower(), text
    assert html.count("data:image/") >= 5
    headline = (run / "comparison/headline.txt").read_text()
    assert headline.count("Synthetic data.") == 1
    answer = next(line for line in headline.splitlines() if "One training." in line)
    assert answer.removeprefix("One training. ").split("(")[0] in html
    assert not re.search(r"\bnan\b|None|undefined", re.sub(r"base64,\S+", "", html))


def test_masks_that_the_classifier_is_shown_are_scored(run):
    shown = read_csv(run / "fold0/segmentation/mask_scores.csv")
    split = read_csv(run / "split/split.csv")
    classified = split.query("task == 'classification' and set != 'valid'")
    assert set(shown["image_id"]) == set(classified["image_id"])
    seen = split.query("task == 'segmentation' and set == 'train'")["image_id"]
    assert shown["in_sample"].tolist() == shown["image_id"].isin(seen).tolist()
    assert not shown.loc[shown["set"] == "test", "in_sample"].any()
    by_mask = read_csv(run / "comparison/by_mask.csv")
    assert by_mask.groupby("arm")["n"].sum().to_dict() == {
        "original": 40,
        "segmented": 40,
    }


def test_snakemakes_own_report_works_offline(finished, tmp_path):
    path = tmp_path / "report.html"
    run_workflow(finished, "--report", str(path))
    text = path.read_text()
    for category in ("Report", "Data", "Segmentation", "Classification", "Comparison"):
        assert category in text
