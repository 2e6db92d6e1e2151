"""A short form of make prove: the verdict on a phantom whose truth is known."""

import json

import pytest
import yaml
from proof import phantoms

from lesionlab.config import recipe_of
from lesionlab.files import read_csv
from workflow.runner import copy_checkout, overlay, run_workflow

pytestmark = pytest.mark.workflow


MEASURED = {"a": "original", "b": "segmented", "metric": "auc", "trainings": 20}
MEASURED |= {"difference": -0.03, "low": -0.035, "high": -0.025}


@pytest.mark.parametrize(
    ("verdict", "truth", "false"),
    [
        ("undecided", "equal", False),
        ("no difference that matters", "equal", False),
        ("hurt", "equal", True),
        ("hurt", "hurt", False),
        ("undecided", "hurt", False),
        ("helped", "hurt", True),
        ("no difference that matters", "helped", True),
        ("hurt", "measured", False),
        ("undecided", "measured", False),
        ("helped", "measured", True),
        ("no difference that matters", "measured", True),
    ],
)
def test_a_verdict_is_false_where_it_contradicts_the_truth(verdict, truth, false):
    measured = MEASURED if truth == "measured" else None
    found = phantoms.is_false(verdict, truth, measured=measured, margin=0.02)
    assert found is false


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (-0.05, -0.02, "hurt"),
        (-0.05, -0.019, None),
        (0.02, 0.05, "helped"),
        (-0.01, 0.01, None),
    ],
)
def test_a_measured_truth_is_to_be_found_where_all_of_it_matters(low, high, wanted):
    measured = {**MEASURED, "low": low, "high": high}
    assert phantoms.wanted_verdict("measured", measured, 0.02) == wanted


def test_the_proof_fails_by_a_false_verdict_and_by_what_it_does_not_find(
    tmp_path, monkeypatch
):
    """As the proof judges runs, whose comparisons are made up here."""

    def made_up(name, *_, **__):
        truth, number = name == "proof-truth", name[-1]
        kind = {"none": {"4": "hurt"}, "cut": {"1": "undecided", "2": "undecided"}}
        kind = kind.get(name.split("-")[1], {}).get(number, "hurt")
        kind = "undecided" if "none" in name and number != "4" else kind
        pair = {**MEASURED, "low": -0.04 if truth else -0.09}
        return {
            "pairs": [pair],
            "verdicts": [{"kind": kind}],
            "margin": 0.02,
            "positive_class": "MEL",
        }

    monkeypatch.setattr(phantoms, "run", made_up)
    table = tmp_path / "phantoms.csv"
    with pytest.raises(SystemExit) as stopped:
        phantoms.main([str(table), "--only", "none", "lesion", "cut"])
    assert str(stopped.value).splitlines() == [
        "none 4: hurt is false",
        "cut: the truth was found in 3 of 5",
    ]
    assert len(read_csv(table)) == 16
    truth = json.loads((tmp_path / "demo_truth.json").read_text())
    assert truth.pop("recipe")["phantom"]["lesions"] == 600
    assert truth == {**MEASURED, "low": -0.04, "positive_class": "MEL"}
    phantoms.main([str(table), "--only", "lesion"])


def test_the_truth_that_the_report_tells_is_that_of_the_demo(repository):
    """Else measure it anew: python -m proof.phantoms TABLE --only cut."""
    path = repository / "workflow/resources/demo_truth.json"
    demo = yaml.safe_load((repository / "config.yaml").read_text())
    assert json.loads(path.read_text())["recipe"] == recipe_of(demo)


def test_every_phantom_draws_on_its_own():
    seeds = set()
    for number in phantoms.PHANTOMS:
        changes = phantoms.changes_of(phantoms.KINDS["none"], number)
        seeds |= set(changes["classification"]["seeds"])
        assert changes["dataset"]["phantom"]["seed"] == number
    assert len(seeds) == 3 * len(phantoms.PHANTOMS)


def test_hiding_the_lesion_hurts_where_the_class_is_in_the_lesion(repository, tmp_path):
    checkout = copy_checkout(repository, tmp_path / "checkout")
    changes = phantoms.changes_of(phantoms.KINDS["lesion"], 1)
    changes["classification"]["epochs"] = 4
    mine = overlay(tmp_path / "short.yaml", {**changes, "run": "short"})
    base = repository / phantoms.BASE
    run_workflow(checkout, "comparison", configs=(base, mine))
    folder = checkout / "results/short/comparison"
    comparison = json.loads((folder / "comparison.json").read_text())
    assert comparison["verdicts"][0]["kind"] == "hurt"
    assert comparison["verdicts"][0]["variance"]["trainings"] is not None
    assert len(read_csv(folder / "trainings.csv")) == 6
    # no arm of it waits for a U-Net
    assert not (checkout / "results/short/fold0/segmentation").exists()
