"""Comparisons: unlike test sets refused, folds kept apart, verdicts by their rules."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from lesionlab.comparison.averages import average_classes, average_roc
from lesionlab.comparison.ensembles import compare_ensembles
from lesionlab.comparison.estimates import (
    compare_pairs,
    describe,
    estimate,
    over_both,
    over_lesions,
)
from lesionlab.comparison.ladder import climb
from lesionlab.comparison.networks import compare_networks
from lesionlab.comparison.trainings import read_folds, score_folds, seeds_of
from lesionlab.comparison.verdict import judge, split
from lesionlab.errors import LabError
from lesionlab.statistics.metrics import METRICS
from unit.test_metrics import CLASSES, make_predictions

ARMS = ("original", "segmented")
COLUMNS = [f"prob_{name}" for name in CLASSES]


def make_tidy(skills, *, seeds=(1,), folds=1, count=300, noise=0.05):
    """The tidy table: every arm sees the same photographs with a skill of its own."""
    parts = []
    for fold in range(folds):
        for number, (arm, skill) in enumerate(skills.items()):
            for seed in seeds:
                table = make_predictions(count, skill=skill, seed=fold)
                draw = np.random.default_rng([fold, number, seed, 1])
                noisy = np.abs(table[COLUMNS] + draw.normal(0, noise, (count, 3)))
                table[COLUMNS] = noisy.div(noisy.sum(axis=1), axis=0)
                facts = {"arm": arm, "fold": f"fold{fold}", "seed": f"seed{seed}"}
                sets = ("valid", "test")
                parts += [table.assign(**facts, set=name) for name in sets]
    return pd.concat(parts, ignore_index=True)


def read(tidy):
    return read_folds(tidy, classes=CLASSES, positive="MEL", specificity=0.9)


def scored(tidy, **options):
    folds = read(tidy)
    return folds, score_folds(folds, replicates=300, seed=1, **options)


@pytest.mark.parametrize("column", ["image_id", "label", "group"])
def test_unlike_test_sets_are_refused(column):
    tidy = make_tidy({"original": 1.0, "segmented": 1.0})
    chosen = (tidy["arm"] == "segmented") & (tidy["set"] == "test")
    first = tidy.index[chosen][0]
    tidy.loc[first, column] = "MEL" if tidy.loc[first, column] != "MEL" else "NV"
    line = "original/seed1 and segmented/seed1: unlike test sets"
    with pytest.raises(LabError, match=line):
        read(tidy)


def test_the_order_of_rows_changes_nothing():
    tidy = make_tidy({"original": 1.0, "segmented": 1.5}, seeds=(1, 2))
    shuffled = tidy.sample(frac=1, random_state=1)
    first, second = (
        estimate(*scored(table), "auc", *ARMS) for table in (tidy, shuffled)
    )
    assert first.value == pytest.approx(second.value)
    assert first.variance.fixed == pytest.approx(second.variance.fixed)


def test_equal_predictions_do_not_differ():
    tidy = make_tidy({"original": 1.5, "segmented": 1.5}, noise=0, seeds=(1, 2))
    folds, scores = scored(tidy)
    for metric in METRICS:  # paired: every replicate draws the same lesions for both
        figure = estimate(folds, scores, metric, *ARMS)
        assert figure.value == 0
        assert over_lesions(figure, 0.95) == (0, 0)


@pytest.mark.parametrize(("second", "kind"), [(0.2, "hurt"), (4.0, "helped")])
def test_a_real_difference_is_found_with_its_sign(second, kind):
    tidy = make_tidy({"original": 1.5, "segmented": second}, seeds=(1, 2, 3))
    folds, scores = scored(tidy)
    figure = estimate(folds, scores, "auc", *ARMS)
    verdict = judge(figure, metric="auc", margin=0.02, confidence=0.95)
    assert verdict["kind"] == kind
    # of a loss, less is better
    loss = estimate(folds, scores, "log_loss", *ARMS)
    verdict = judge(loss, metric="log_loss", margin=0.02, confidence=0.95)
    assert verdict["kind"] == kind
    assert np.sign(loss.value) == -np.sign(figure.value)


def test_metrics_are_computed_within_folds_and_averaged():
    tidy = make_tidy({"original": 1.0}, folds=2)
    # a fold whose network gives other probabilities in the same order
    second = tidy["fold"] == "fold1"
    tidy.loc[second, "prob_MEL"] **= 3
    folds, scores = scored(tidy)
    within = [scores["original", f.name, "seed1"].values["auc"] for f in folds]
    figure = estimate(folds, scores, "auc", "original")
    assert figure.value == pytest.approx(np.mean(within))
    assert over_both(figure, 0.95)[0] < figure.value


def test_one_training_has_an_interval_over_lesions_alone():
    folds, scores = scored(make_tidy({"original": 1.0, "segmented": 1.2}))
    figure = estimate(folds, scores, "auc", *ARMS)
    bounds = describe(figure, 0.95)
    assert bounds["low"] is None
    assert bounds["high"] is None
    assert bounds["lesions_low"] < bounds["value"] < bounds["lesions_high"]
    verdict = judge(figure, metric="auc", margin=0.02, confidence=0.95)
    assert verdict["kind"] == "one training"
    assert split(figure)["trainings"] is None


def test_few_positive_lesions_get_another_interval():
    few = scored(make_tidy({"original": 1.0, "segmented": 1.2}, count=80))
    figure = estimate(*few, "auc", *ARMS)
    assert figure.lesions < 20
    low, high = over_lesions(figure, 0.95)
    assert low + high == pytest.approx(2 * figure.value)  # Student's t is symmetric
    many = scored(make_tidy({"original": 1.0, "segmented": 1.2}, count=400))
    assert estimate(*many, "auc", *ARMS).lesions >= 20


def test_the_interval_of_a_share_stays_within_it():
    folds, scores = scored(make_tidy({"original": 6.0}, count=80, seeds=(1, 2)))
    for metric in ("auc", "accuracy", "sensitivity"):
        figure = estimate(folds, scores, metric, "original")
        for low, high in (over_lesions(figure, 0.95), over_both(figure, 0.95)):
            assert 0 <= low <= figure.value <= high <= 1
    perfect = replace(figure, value=1.0)
    low, high = over_lesions(perfect, 0.95)
    n = figure.lesions
    assert low == pytest.approx(n / (n + 1.96**2), abs=1e-3)
    assert high == 1


def test_arms_are_paired_by_the_seeds_that_they_share():
    tidy = make_tidy({"original": 1.0, "segmented": 1.2}, seeds=(1, 2))
    tidy = tidy[(tidy["arm"] == "original") | (tidy["seed"] == "seed2")]
    folds, scores = scored(tidy)
    assert seeds_of(folds, *ARMS) == ["seed2"]
    figure = estimate(folds, scores, "auc", *ARMS)
    assert figure.points.shape == (1, 1)
    alone = tidy.replace({"seed": {"seed2": "seed3"}})
    alone = pd.concat(
        [tidy[tidy["arm"] == "original"], alone[alone["arm"] != "original"]]
    )
    folds, scores = scored(alone)
    assert estimate(folds, scores, "auc", *ARMS) is None


def test_the_kinds_follow_the_interval():
    tidy = make_tidy({"original": 1.0, "segmented": 1.0}, seeds=(1, 2, 3), noise=0.01)
    figure = estimate(*scored(tidy), "auc", *ARMS)
    low, high = over_both(figure, 0.95)
    wide = 1.01 * max(-low, high)

    def kind(margin, shift=0.0):
        moved = type(figure)(
            figure.points + shift,
            figure.value + shift,
            figure.replicates + shift,
            figure.variance,
            figure.lesions,
        )
        return judge(moved, metric="auc", margin=margin, confidence=0.95)["kind"]

    assert kind(wide) == "no difference that matters"
    assert kind(0.5 * wide) == "undecided"
    assert kind(0.5 * wide, shift=2 * wide) == "helped"
    assert kind(0.5 * wide, shift=-2 * wide) == "hurt"
    # a difference that is there and does not matter
    assert kind(5 * wide, shift=2 * wide) == "no difference that matters"
    assert judge(None, metric="auc", margin=0.02, confidence=0.95)["kind"] == (
        "too small"
    )


def test_undecided_comes_with_a_plan():
    tidy = make_tidy({"original": 1.0, "segmented": 1.0}, seeds=(1, 2), noise=0.2)
    verdict = judge(
        estimate(*scored(tidy), "auc", *ARMS),
        metric="auc",
        margin=0.02,
        confidence=0.95,
    )
    assert verdict["kind"] == "undecided"
    assert verdict["detectable"] > 0.02
    assert set(verdict["plan"]) == {"trainings", "lesions", "both"}


def test_secondary_metrics_are_one_family_under_holm():
    tidy = make_tidy({"original": 1.0, "segmented": 1.3}, seeds=(1, 2, 3))
    folds, scores = scored(tidy)
    rows = compare_pairs(folds, scores, ARMS, primary="auc", confidence=0.95)
    assert [row["metric"] for row in rows] == list(METRICS)
    family = [row for row in rows if row["metric"] != "auc"]
    expected = multipletests([row["p_value"] for row in family], method="holm")[1]
    assert [row["p_holm"] for row in family] == pytest.approx(expected, abs=1e-6)
    assert rows[0]["p_holm"] is None
    three = make_tidy({"original": 1.0, "segmented": 1.3, "crop": 1.0})
    pairs = compare_pairs(
        *scored(three), (*ARMS, "crop"), primary="auc", confidence=0.95
    )
    assert len(pairs) == 3 * len(METRICS)
    assert {row["p_value"] for row in pairs} == {None}  # one training each


def test_an_ensemble_is_another_arm_over_lesions_alone():
    tidy = make_tidy({"original": 1.0, "segmented": 1.2}, seeds=(1, 2, 3), noise=0.3)
    folds, scores = scored(tidy)
    whole = compare_ensembles(folds, arms=ARMS, confidence=0.95, replicates=100, seed=1)
    assert whole["members"] == {"original": 3, "segmented": 3}
    single = estimate(folds, scores, "auc", "original").value
    assert whole["arms"]["original"]["auc"]["value"] > single
    assert set(whole["differences"]) == {"segmented"}
    assert "low" not in whole["arms"]["original"]["auc"]
    one = read(make_tidy({"original": 1.0, "segmented": 1.2}))
    alone = compare_ensembles(one, arms=ARMS, confidence=0.95, replicates=9, seed=1)
    assert alone["members"] == {}


def test_the_networks_test_averages_within_folds():
    tidy = make_tidy({"original": 1.0, "segmented": 1.3}, seeds=(1, 2), folds=2)
    folds, scores = scored(tidy)
    test = compare_networks(folds, ARMS)[0]
    figure = estimate(folds, scores, "auc", *ARMS)
    assert test["auc"]["difference"] == pytest.approx(figure.value, abs=1e-6)
    error = np.sqrt(figure.variance.fixed)  # the jackknife's, nearly the same
    assert test["auc"]["se"] == pytest.approx(error, rel=0.05)
    assert test["mcnemar"]["n"] == 2 * 2 * 300


def test_tables_are_means_over_seeds():
    tidy = make_tidy({"original": 1.0}, seeds=(1, 2), folds=2)
    folds = read(tidy)
    table = average_classes(folds, "original", CLASSES)
    matrix = np.array(table["confusion_matrix"])
    assert matrix.sum() == pytest.approx(600, abs=0.1)
    support = [table["per_class"][name]["support"] for name in CLASSES]
    assert matrix.sum(1) == pytest.approx(support, abs=0.1)
    recall = [table["per_class"][name]["recall"] for name in CLASSES]
    assert recall == pytest.approx(np.diag(matrix) / support, abs=1e-3)


def test_a_mean_roc_curve_has_about_the_mean_area():
    tidy = make_tidy({"original": 1.0}, seeds=(1, 2, 3))
    folds, scores = scored(tidy)
    curve = average_roc(folds, "original")
    area = np.trapezoid(curve["tpr"], curve["fpr"])
    assert area == pytest.approx(
        estimate(folds, scores, "auc", "original").value, abs=0.01
    )
    assert curve["tpr"].is_monotonic_increasing


LADDER = {"segmented": 0.8, "segmented_true": 2.5, "crop": 2.5, "background": 0.0}


def test_the_ladder_asks_what_its_arms_can_answer():
    folds, scores = scored(make_tidy(LADDER, seeds=(1, 2, 3), count=600))
    rules = {"primary": "auc", "margin": 0.04, "confidence": 0.95}
    steps = climb(folds, scores, list(LADDER), **rules)
    assert [(row["step"], row["a"], row["b"]) for row in steps] == [
        ("masks", "segmented", "segmented_true"),
        ("context", "segmented_true", "crop"),
        ("background", None, "background"),
    ]
    assert [row["kind"] for row in steps][:2] == [
        "helped",
        "no difference that matters",
    ]
    assert abs(steps[2]["difference"]) < 0.1
    assert climb(folds, scores, ["segmented"], **rules) == []
    only = climb(folds, scores, ["segmented", "background"], **rules)
    assert [row["step"] for row in only] == ["background"]
