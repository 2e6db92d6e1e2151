"""Metrics for many weightings at once, against scikit-learn one by one."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    log_loss,
    recall_score,
    roc_auc_score,
)

from lesionlab.statistics.metrics import (
    METRICS,
    Outcome,
    read_outcome,
    threshold_at_specificity,
)

CLASSES = ["MEL", "NV", "Other_SC"]


def make_predictions(count=200, seed=0, skill=1.5, decimals=6):
    draw = np.random.default_rng(seed)
    truth = draw.choice(3, count // 2, p=[0.15, 0.65, 0.2]).repeat(2)
    logits = draw.normal(size=(count, 3)) + skill * np.eye(3)[truth]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    table = pd.DataFrame(
        p.round(decimals), columns=[f"prob_{name}" for name in CLASSES]
    )
    table["label"] = np.array(CLASSES)[truth]
    table["image_id"] = [f"ISIC_{n:07d}" for n in range(count)]
    table["group"] = [f"HAM_{n // 2:07d}" for n in range(count)]
    return table


def outcome_of(table, **options):
    return read_outcome(table, classes=CLASSES, positive="MEL", **options)


@pytest.mark.parametrize("decimals", [6, 1])  # with one decimal most scores are tied
def test_every_metric_is_scikit_learns_under_any_weights(decimals):
    table = make_predictions(decimals=decimals)
    p = table[[f"prob_{name}" for name in CLASSES]].to_numpy()
    y, decision = outcome_of(table).truth, p.argmax(1)
    melanoma, found = y == 0, decision == 0
    weights = np.random.default_rng(1).integers(0, 4, (5, 200)).astype(float)
    scores = outcome_of(table, threshold=0.3).score(weights)
    assert tuple(scores) == METRICS
    for row, w in enumerate(weights):
        keep, w = w > 0, w[w > 0]
        true, given = y[keep], np.clip(p[keep, y[keep]], 5e-7, 1)
        positive = p[keep, 0]
        expected = {
            "auc": roc_auc_score(melanoma[keep], positive, sample_weight=w),
            "average_precision": average_precision_score(
                melanoma[keep], positive, sample_weight=w
            ),
            "sensitivity": recall_score(melanoma[keep], found[keep], sample_weight=w),
            "specificity": recall_score(~melanoma[keep], ~found[keep], sample_weight=w),
            "matched_sensitivity": recall_score(
                melanoma[keep], positive >= 0.3, sample_weight=w
            ),
            "accuracy": accuracy_score(true, decision[keep], sample_weight=w),
            "balanced_accuracy": balanced_accuracy_score(
                true, decision[keep], sample_weight=w
            ),
            "log_loss": np.average(-np.log(given), weights=w),
            "brier": np.average(((p - np.eye(3)[y]) ** 2).sum(1)[keep], weights=w),
        }
        found_scores = {name: values[row] for name, values in scores.items()}
        assert found_scores == pytest.approx(expected)


def test_the_log_loss_is_scikit_learns():
    table = make_predictions(decimals=15)
    p = table[[f"prob_{name}" for name in CLASSES]].to_numpy()
    outcome = outcome_of(table)
    assert outcome.score()["log_loss"][0] == pytest.approx(log_loss(outcome.truth, p))


def test_weights_of_lesions_are_weights_of_their_photographs():
    outcome = outcome_of(make_predictions(60))
    member = np.arange(60) // 2
    weights = np.random.default_rng(1).integers(0, 4, (7, 30)).astype(float)
    by_lesion = outcome.score(weights, member)
    by_photograph = outcome.score(weights[:, member])
    for name in METRICS:
        assert by_lesion[name] == pytest.approx(by_photograph[name], nan_ok=True)


def test_a_weight_is_a_repetition():
    table = make_predictions(60)
    weights = np.random.default_rng(1).integers(0, 4, 60)
    repeated = table.loc[np.repeat(table.index, weights)]
    once = outcome_of(table).score(weights[None].astype(float))
    again = outcome_of(repeated).score()
    for name in METRICS:
        assert once[name] == pytest.approx(again[name], nan_ok=True)


def test_what_is_undefined_is_nan():
    table = make_predictions()
    without = outcome_of(table[table["label"] != "MEL"], threshold=0.5)
    undefined = {"sensitivity", "matched_sensitivity", "auc", "average_precision"}
    undefined |= {"balanced_accuracy"}
    score = without.score()
    assert {name for name in METRICS if np.isnan(score[name][0])} == undefined
    assert without.table_per_class(CLASSES)["MEL"]["recall"] is None
    assert without.table_per_class(CLASSES)["MEL"]["support"] == 0
    assert np.isnan(outcome_of(table).score()["matched_sensitivity"][0])


def test_balanced_accuracy_needs_every_class():
    outcome = outcome_of(make_predictions(100))
    weights = np.ones((1, 100))
    weights[0, outcome.truth == 2] = 0
    assert np.isnan(outcome.score(weights)["balanced_accuracy"][0])
    assert not np.isnan(outcome.score()["balanced_accuracy"][0])


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    table = make_predictions()
    matrix = np.array(outcome_of(table).confusion())
    counts = table["label"].value_counts()
    assert matrix.sum(1).tolist() == [counts[name] for name in CLASSES]


@pytest.mark.parametrize("specificity", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("decimals", [6, 1])
def test_the_operating_point_has_the_wanted_specificity_and_no_smaller_does(
    specificity, decimals
):
    valid = outcome_of(make_predictions(seed=4, decimals=decimals))
    others = valid.probabilities[valid.truth != 0, 0]
    threshold = threshold_at_specificity(valid, specificity)
    assert np.mean(others < threshold) >= specificity
    lower = np.nextafter(threshold, 0)
    assert np.mean(others < lower) < specificity


def test_an_operating_point_needs_photographs_of_other_classes():
    outcome = Outcome(np.zeros(3, int), np.full((3, 2), 0.5), positive=0)
    assert threshold_at_specificity(outcome, 0.9) is None
