"""Overlap of masks against scikit-learn and by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, recall_score

from lesionlab.segmentation.overlap import (
    THRESHOLDS,
    best_threshold,
    binarise,
    jaccard_curve,
    pooled_overlap,
    score_mask,
    upsample,
)
from lesionlab.segmentation.summary import compare_in_sample, summarise_scores


@pytest.fixture
def maps():
    draw = np.random.default_rng(3)
    return draw.integers(0, 256, (5, 20, 30), np.uint8), draw.random((5, 20, 30)) < 0.3


def test_scores_of_a_mask_are_those_of_scikit_learn(maps):
    predicted, truth = maps[0][0] > 128, maps[1][0]
    y, p = truth.ravel(), predicted.ravel()
    scores = score_mask(predicted, truth)
    assert scores["jaccard"] == pytest.approx(jaccard_score(y, p))
    assert scores["dice"] == pytest.approx(f1_score(y, p))
    assert scores["pixel_accuracy"] == pytest.approx(accuracy_score(y, p))
    assert scores["sensitivity"] == pytest.approx(recall_score(y, p))
    assert scores["specificity"] == pytest.approx(recall_score(~y, ~p))


def test_the_curve_is_the_mean_jaccard_at_each_threshold(maps):
    curve = jaccard_curve(zip(*maps, strict=True))
    for threshold, jaccard in zip(THRESHOLDS, curve, strict=True):
        each = [
            score_mask(binarise(p, threshold), truth)["jaccard"]
            for p, truth in zip(*maps, strict=True)
        ]
        assert jaccard == pytest.approx(np.mean(each))


def test_the_best_threshold_recovers_the_one_that_made_the_masks(maps):
    truth = binarise(maps[0], 0.4)
    threshold, jaccard = best_threshold(jaccard_curve(zip(maps[0], truth, strict=True)))
    assert (threshold, jaccard) == (0.4, 1.0)


def test_empty_and_full_masks_have_defined_scores():
    none, full = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    assert score_mask(none, none)["jaccard"] == 1
    assert score_mask(none, none)["sensitivity"] is None
    assert score_mask(full, full)["specificity"] is None
    assert score_mask(none, full)["jaccard"] == 0
    assert score_mask(full, none)["dice"] == 0
    assert jaccard_curve([(np.zeros((4, 4), np.uint8), none)])[0] == 1
    assert pooled_overlap(none[None], none[None]) == (1.0, None)


def test_pooled_iou_weighs_pixels_not_images():
    truth = np.zeros((2, 10, 10), bool)
    truth[0, :8], truth[1, 0, 0] = True, True
    predicted = truth.copy()
    predicted[1, 0, 0] = False
    assert pooled_overlap(predicted, truth)[1] == pytest.approx(80 / 81)


def test_upsampling_keeps_range_and_size():
    large = upsample(np.full((4, 5), 77, np.uint8), height=45, width=60)
    assert large.shape == (45, 60)
    assert (large == 77).all()
    steps = upsample(np.array([[0, 200]], np.uint8), height=1, width=8)
    assert (np.diff(steps[0, 2:6].astype(int)) > 0).all()  # bilinear, no edge


def test_summary_counts_failures_and_leaves_out_what_is_undefined():
    scores = pd.DataFrame(
        {
            "label": ["MEL", "MEL", "NV"],
            "jaccard": [0.9, 0.6, 0.7],
            "dice": [0.95, 0.75, 0.82],
            "pixel_accuracy": [0.9, 0.9, 0.9],
            "sensitivity": [0.9, None, 0.8],
            "specificity": [None, None, None],
            "empty": [False, True, False],
        }
    )
    summary = summarise_scores(scores)
    assert summary["failure_rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert summary["thresholded_jaccard"] == pytest.approx(1.6 / 3, abs=1e-6)
    assert summary["sensitivity"] == 0.85
    assert summary["specificity"] is None
    assert summary["empty_predictions"] == 1
    assert summary["per_class"]["MEL"]["jaccard"] == {"mean": 0.75, "median": 0.75}


def test_in_sample_masks_are_told_from_others():
    split = pd.DataFrame(
        {
            "image_id": ["a", "b", "a"],
            "group": ["g", "h", "g"],
            "label": "MEL",
            "task": ["classification", "classification", "segmentation"],
            "set": "train",
        }
    )
    scores = pd.DataFrame({"image_id": ["a", "b", "c"], "jaccard": [0.9, 0.5, 0.1]})
    assert compare_in_sample(scores, split) == {
        "in_sample": {"n": 1, "jaccard": 0.9},
        "out_of_sample": {"n": 1, "jaccard": 0.5},
    }
