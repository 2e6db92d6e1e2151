"""A short form of make prove: simulated studies whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from proof import coverage
from proof.simulation import ARMS, Design, draw_study
from scipy.stats import binom, norm

from lesionlab.comparison.trainings import score_folds
from lesionlab.files import read_csv

DRAWS = 500
WHOLE = {"positives": 51, "others": 350}
HALF = {"positives": 26, "others": 175}  # a study of it takes a quarter of the time


def test_the_simulated_truth_is_the_expected_auc():
    design = Design(1, 1, 20, 60, (0.2, 0.6), difference=0.05)
    found = []
    for number in range(400):
        folds = draw_study(design, np.random.default_rng([9, number]))
        scores = score_folds(folds, replicates=0, seed=1, metrics=("auc",))
        found.append([scores[arm, "fold0", "seed1"].values["auc"] for arm in ARMS])
    first = norm.cdf(2 / np.sqrt(0.2**2 + 2))
    error = np.std(found, axis=0) / np.sqrt(len(found))
    assert np.mean(found, axis=0) == pytest.approx(
        [first, first + 0.05], abs=4 * error.max()
    )


@pytest.fixture
def auc_alone(monkeypatch):
    """The other figure of a study takes half of its time, and decides nothing."""
    monkeypatch.setattr(coverage, "MEASURED", ("auc",))


@pytest.mark.usefixtures("auc_alone")
@pytest.mark.parametrize(
    ("folds", "seeds", "noise"), [(1, 3, (0.3, 0.3)), (5, 1, (0.15, 0.15))]
)
def test_the_deciding_interval_covers_and_equal_arms_stay_equal(folds, seeds, noise):
    design = Design(folds, seeds, **HALF, noise=noise)
    figures = coverage.measure(design, numbers=range(DRAWS), workers=1)
    # what chance allows to so many draws of an interval that covers 95 %
    low, high = binom.ppf([0.001, 0.999], DRAWS, 0.95) / DRAWS
    assert low <= figures["coverage"] <= high
    assert figures["false"] <= 1 - low


def test_the_interval_of_one_pair_of_networks_would_not_cover():
    """What made the verdict wrong: it knew nothing of the chance of the training."""
    design = Design(1, 1, **WHOLE, noise=(0.5, 0.5))
    claims = 0
    for number in range(100):
        folds = draw_study(design, np.random.default_rng([3, number]))
        scores = score_folds(folds, replicates=0, seed=1, metrics=("auc",))
        first, second = (scores[arm, "fold0", "seed1"] for arm in ARMS)
        change = second.deviations["auc"] - first.deviations["auc"]
        difference = second.values["auc"] - first.values["auc"]
        claims += abs(difference) > 1.96 * np.sqrt((change**2).sum())
    assert claims > 30


@pytest.mark.usefixtures("auc_alone")
def test_a_difference_is_found():
    design = Design(1, 5, **WHOLE, noise=(0.1, 0.1), difference=0.06)
    figures = coverage.measure(design, numbers=range(50), workers=1)
    assert figures["found"] > 0.6
    assert figures["false"] == 0


def test_what_is_outside_the_limits_fails_the_proof_where_it_is_asked():
    rows = [
        ("whole", "0.3/0.3", 0.0, 0.95, 0.05, "inside"),
        ("whole", "0.3/0.3", 0.05, 0.92, 0.0, "fails"),
        ("whole", "0.6/0.6", 0.0, 0.98, 0.02, "fails"),
        ("whole", "0.1/0.5", 0.0, 0.92, 0.08, "shown"),
        ("quarter", "0.3/0.3", 0.0, 0.92, 0.06, "fails"),
        ("quarter", "0.3/0.3", 0.05, 0.88, 0.0, "shown"),
        ("quarter", "0.6/0.6", 0.0, 0.98, 0.02, "shown"),
        ("quarter", "0.6/0.6", 0.05, 0.95, 0.07, "fails"),
    ]
    names = ["size", "noise", "difference", "coverage", "false", "wanted"]
    table = pd.DataFrame(rows, columns=names).assign(draws=100)
    assert coverage.list_outside(table, 400).empty
    outside = coverage.list_outside(table, 100)
    assert outside["wanted"].tolist() == table["wanted"].tolist()[1:]
    for row in outside.to_dict("records"):
        assert coverage.is_asked(row) == (row["wanted"] == "fails")


def test_a_proof_that_was_stopped_goes_on(tmp_path, monkeypatch, capsys):
    designs = [
        (
            {**dict.fromkeys(coverage.KEY, 0), "seeds": seeds, "size": "whole"},
            Design(1, seeds, 9, 20, (0, 0)),
        )
        for seeds in (2, 3)
    ]
    table = tmp_path / "coverage.csv"
    monkeypatch.setattr(coverage, "COVERAGE", (0, 1))
    monkeypatch.setattr(coverage, "FALSE", 1)
    monkeypatch.setattr(coverage, "list_designs", lambda: designs[:1])
    command = [str(table), "--draws", "5", "--workers", "1"]
    coverage.main(command)
    first = read_csv(table)
    monkeypatch.setattr(coverage, "list_designs", lambda: designs)
    coverage.main(command)
    both = read_csv(table)
    assert both.iloc[:1].equals(first)
    assert both["seeds"].tolist() == [2, 3]
    assert "coverage" in capsys.readouterr().out
    monkeypatch.setattr(coverage, "digest_code", lambda: "edited")
    coverage.main(command)
    assert set(read_csv(table)["code"]) == {"edited"}
    monkeypatch.setattr(coverage, "COVERAGE", (1.1, 1.2))
    with pytest.raises(SystemExit, match="coverage outside"):
        coverage.main(command)
    # what falls outside was drawn again, four times as often
    assert read_csv(table)["draws"].tolist() == [5, 5, 20, 20]
