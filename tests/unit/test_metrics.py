"""Metrics against scikit-learn, and the lesion-clustered bootstrap."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    roc_auc_score,
)

from lesionlab.classification.bootstrap import bootstrap, draw_weights
from lesionlab.classification.metrics import METRICS, Outcome

CLASSES = ["MEL", "NV", "Other_SC"]


def make_predictions(count=200, seed=0, skill=1.5):
    draw = np.random.default_rng(seed)
    truth = draw.choice(3, count, p=[0.15, 0.65, 0.2])
    logits = draw.normal(size=(count, 3)) + skill * np.eye(3)[truth]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    table = pd.DataFrame(p, columns=[f"prob_{name}" for name in CLASSES])
    table["label"] = np.array(CLASSES)[truth]
    table["image_id"] = [f"ISIC_{n:07d}" for n in range(count)]
    table["group"] = [f"HAM_{n // 2:07d}" for n in range(count)]
    return table


def outcome_of(table):
    return Outcome(table, classes=CLASSES, positive="MEL")


def test_every_metric_is_scikit_learns():
    table = make_predictions()
    p = table[[f"prob_{name}" for name in CLASSES]].to_numpy()
    decision = np.array(CLASSES)[p.argmax(1)]
    melanoma = table["label"] == "MEL"
    assert outcome_of(table).score() == pytest.approx(
        {
            "accuracy": accuracy_score(table["label"], decision),
            "balanced_accuracy": balanced_accuracy_score(table["label"], decision),
            "sensitivity": (decision == "MEL")[melanoma].mean(),
            "auc": roc_auc_score(melanoma, p[:, 0]),
            "average_precision": average_precision_score(melanoma, p[:, 0]),
        }
    )


def test_a_weight_is_a_repetition():
    table = make_predictions(60)
    weights = np.random.default_rng(1).integers(0, 4, 60)
    repeated = table.loc[np.repeat(table.index, weights)]
    assert outcome_of(table).score(weights) == pytest.approx(
        outcome_of(repeated).score()
    )


def test_what_is_undefined_is_null():
    table = make_predictions()
    without = outcome_of(table[table["label"] != "MEL"])
    score = without.score()
    assert [n for n in METRICS if score[n] is None] == [
        "sensitivity",
        "auc",
        "average_precision",
    ]
    assert without.table_per_class()["MEL"]["recall"] is None
    assert without.table_per_class()["MEL"]["support"] == 0


def test_an_interval_of_balanced_accuracy_keeps_to_the_classes_of_the_set():
    table = make_predictions(100)
    table.loc[table["label"] == "MEL", "label"] = "NV"
    rare = table.index[:2]  # one lesion, never found
    table.loc[rare, "label"] = "MEL"
    table.loc[rare, "prob_MEL"] = 0
    outcome = outcome_of(table)
    weights = np.ones(100)
    weights[:2] = 0
    assert outcome.score(weights)["balanced_accuracy"] is None
    draws = draw_weights(table["group"], replicates=200, seed=1)
    found = bootstrap(outcome.score, draws, confidence=0.95)["balanced_accuracy"]
    assert found["low"] < found["value"] < found["high"] < 2 / 3


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    table = make_predictions()
    matrix = np.array(outcome_of(table).confusion())
    counts = table["label"].value_counts()
    assert matrix.sum(1).tolist() == [counts[name] for name in CLASSES]


def test_photographs_of_a_lesion_are_drawn_together():
    groups = [f"g{n // 3}" for n in range(30)]
    weights = draw_weights(groups, replicates=50, seed=1)
    assert weights.shape == (50, 30)
    assert (weights.reshape(50, 10, 3).std(2) == 0).all()
    assert (weights.sum(1) == 30).all()
    assert np.array_equal(weights, draw_weights(groups, replicates=50, seed=1))


def test_the_interval_covers_the_value_and_shrinks_with_more_lesions():
    widths = []
    for count in (100, 1600):
        table = make_predictions(count)
        weights = draw_weights(table["group"], replicates=200, seed=1)
        figures = bootstrap(outcome_of(table).score, weights, confidence=0.95)
        for figure in figures.values():
            assert figure["low"] <= figure["value"] <= figure["high"]
        widths.append(figures["auc"]["high"] - figures["auc"]["low"])
    assert widths[1] < widths[0] / 2


def test_a_percentile_interval_of_a_mean_is_the_textbook_one():
    rows = np.random.default_rng(3).normal(size=400)
    weights = draw_weights([str(n) for n in range(400)], replicates=4000, seed=1)
    figure = bootstrap(
        lambda w: {"mean": float((w * rows).sum() / w.sum())}, weights, confidence=0.95
    )["mean"]
    error = rows.std() / 20
    assert figure["low"] == pytest.approx(rows.mean() - 1.96 * error, abs=0.1 * error)
    assert figure["high"] == pytest.approx(rows.mean() + 1.96 * error, abs=0.1 * error)
