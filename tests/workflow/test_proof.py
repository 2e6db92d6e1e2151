"""A short form of make prove: the verdict on a phantom whose truth is known."""

import json

import pytest
from proof import phantoms

from lesionlab.files import read_csv
from workflow.runner import copy_checkout, overlay, run_workflow

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize(
    ("verdict", "truth", "difference", "false"),
    [
        ("undecided", "equal", 0, False),
        ("no difference that matters", "equal", 0, False),
        ("hurt", "equal", 0, True),
        ("hurt", "hurt", 0, False),
        ("undecided", "hurt", 0, False),
        ("helped", "hurt", 0, True),
        ("no difference that matters", "helped", 0, True),
        ("hurt", "measured", -0.03, False),
        ("helped", "measured", -0.03, True),
        ("no difference that matters", "measured", -0.03, True),
        ("no difference that matters", "measured", -0.01, False),
    ],
)
def test_a_verdict_is_false_where_it_contradicts_the_truth(
    verdict, truth, difference, false
):
    found = phantoms.is_false(verdict, truth, difference=difference, margin=0.02)
    assert found is false


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
