"""Paired comparisons: unlike test sets are refused, differences found or not found."""

import numpy as np
import pandas as pd
import pytest
from lesionlab.classification.bootstrap import draw_weights
from lesionlab.comparison.pairs import align_arms, average_seeds, compare_pairs
from scipy.stats import binomtest

from lesionlab.errors import LabError
from lesionlab.report.words import answer_question, format_interval, format_p
from unit.test_metrics import CLASSES, make_predictions, outcome_of


def make_tidy(skills, *, seeds=(1,), count=300):
    """The tidy table: every arm sees the same photographs with a skill of its own."""
    parts = []
    for arm, skill in skills.items():
        for seed in seeds:
            table = make_predictions(count, skill=skill)
            noise = np.random.default_rng(seed).normal(0, 0.05, (count, 3))
            columns = [f"prob_{name}" for name in CLASSES]
            noisy = np.abs(table[columns] + noise)
            table[columns] = noisy.div(noisy.sum(axis=1), axis=0)
            facts = {"arm": arm, "fold": "fold0", "seed": f"seed{seed}", "set": "test"}
            parts.append(table.assign(**facts))
    return pd.concat(parts, ignore_index=True)


def compare(tidy, arms=("original", "segmented")):
    tables = align_arms(average_seeds(tidy), arms)
    outcomes = {arm: outcome_of(table) for arm, table in tables.items()}
    groups = tables[arms[0]]["group"]
    weights = draw_weights(groups, replicates=300, seed=1)
    return compare_pairs(outcomes, tables, weights, confidence=0.95)


def answer(pairs):
    return answer_question(pairs, positive="MEL", confidence=0.95, trainings=1)


def test_equal_arms_do_not_differ():
    pairs, tests = compare(make_tidy({"original": 1.5, "segmented": 1.5}))
    for pair in pairs:  # paired: in every replicate, both drew the same lesions
        assert pair["difference"] == pair["low"] == pair["high"] == 0
    assert tests[0]["p_value"] == 1
    assert "that this test set can show" in answer(pairs)


@pytest.mark.parametrize(
    ("second", "verdict"), [(0.2, "hurt: segmented"), (4.0, "helped: segmented")]
)
def test_a_real_difference_is_found_with_its_sign(second, verdict):
    pairs, _ = compare(make_tidy({"original": 1.5, "segmented": second}))
    assert verdict in answer(pairs)
    sign = 1 if second > 1.5 else -1
    assert all(sign * pair["difference"] > 0 for pair in pairs)


def test_a_fall_in_sensitivity_is_said_even_where_the_auc_is_equal():
    clear = {"difference": -0.2, "low": -0.3, "high": -0.1}
    unclear = {"difference": 0.01, "low": -0.02, "high": 0.03}
    arms = {"a": "original", "b": "segmented"}

    def say(**changes):
        metrics = ("accuracy", "balanced_accuracy", "sensitivity", "auc")
        figures = {metric: changes.get(metric, unclear) for metric in metrics}
        return answer([{**arms, "metric": m, **f} for m, f in figures.items()])

    assert say().endswith(
        "sensitivity for MEL showed no clear change: +0.010 (−0.020 to +0.030)."
    )
    text = say(sensitivity=clear, accuracy=clear)
    assert "made no difference to the ranking" in text
    assert "its sensitivity for MEL fell: −0.200 (−0.300 to −0.100); accuracy" in text
    assert "balanced" not in text


def test_only_accuracy_has_a_p_value_and_every_pair_is_listed():
    skills = {"original": 1.0, "segmented": 1.2, "third": 2.0}
    pairs, tests = compare(make_tidy(skills), tuple(skills))
    assert [(t["a"], t["b"]) for t in tests] == [
        ("original", "segmented"),
        ("original", "third"),
        ("segmented", "third"),
    ]
    assert {p["metric"] for p in pairs if p["p_value"] is not None} == {"accuracy"}


def test_mcnemar_counts_one_photograph_a_lesion_the_lowest_id():
    tidy = make_tidy({"original": 0.5, "segmented": 1.5})
    _, tests = compare(tidy.sample(frac=1, random_state=1))
    arms = {}
    for arm, rows in tidy.groupby("arm"):
        first = rows.sort_values("image_id").drop_duplicates("group")
        outcome = outcome_of(first)
        arms[arm] = outcome.truth == outcome.decision
    only_a = int((arms["original"] & ~arms["segmented"]).sum())
    only_b = int((~arms["original"] & arms["segmented"]).sum())
    assert (tests[0]["only_a"], tests[0]["only_b"]) == (only_a, only_b)
    assert tests[0]["n"] == tidy["group"].nunique()
    expected = binomtest(only_a, only_a + only_b).pvalue
    assert tests[0]["p_value"] == pytest.approx(expected, abs=1e-6)


def test_seeds_are_averaged_as_mean_probability():
    tidy = make_tidy({"original": 1.0}, seeds=(1, 2, 3))
    averaged = average_seeds(tidy)
    assert len(averaged) == 300
    one = tidy[tidy["image_id"] == "ISIC_0000005"]
    row = averaged[averaged["image_id"] == "ISIC_0000005"]
    assert row["prob_MEL"].item() == pytest.approx(one["prob_MEL"].mean())


@pytest.mark.parametrize("column", ["image_id", "label", "group"])
def test_unlike_test_sets_are_refused(column):
    tidy = make_tidy({"original": 1.0, "segmented": 1.0})
    first = tidy.index[tidy["arm"] == "segmented"][0]
    tidy.loc[first, column] = "MEL" if tidy.loc[first, column] != "MEL" else "NV"
    with pytest.raises(LabError, match="original and segmented: unlike test sets"):
        align_arms(average_seeds(tidy), ("original", "segmented"))


def test_one_arm_alone_and_too_small_sets_are_said():
    assert "nothing to compare" in answer([])
    pairs, _ = compare(make_tidy({"original": 1.5, "segmented": 1.5}))
    assert "95% intervals over lesions, one training of each arm" in answer(pairs)
    pair = {"a": "x", "b": "y", "difference": None, "low": None, "high": None}
    pairs = [{**pair, "metric": name} for name in ("auc", "sensitivity")]
    assert "too small" in answer(pairs)


def test_figures_are_written_for_people():
    figure = {"value": -0.0124, "low": -0.05, "high": 0.02}
    assert format_interval(figure, signed=True) == "−0.012 (−0.050 to +0.020)"
    assert format_interval({**figure, "low": None}) == "−0.012"
    assert format_interval({"value": None, "low": None, "high": None}) == "–"
    assert [format_p(p) for p in (None, 0.00001, 0.0433)] == ["–", "<0.001", "0.043"]
