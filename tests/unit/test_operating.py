"""Operating points: chosen so that they hold on new photographs, scored by lesions."""

import numpy as np
import pytest

from lesionlab.bundle.operating import (
    choose_threshold,
    predictive_value,
    score_decisions,
    share_by_class,
)


def choose(found, others, sensitivity):
    scores = np.array([*found, *others], float)
    diseased = np.arange(len(scores)) < len(found)
    return choose_threshold(scores, diseased, sensitivity), scores, diseased


def test_the_threshold_lies_between_two_photographs():
    found = np.arange(1, 40) / 40
    threshold, _, _ = choose(found, [0.04], 0.9)
    # the fourth of 39: 4 / 40 of new ones lie below it
    assert threshold == pytest.approx((0.1 + 0.075) / 2)
    assert (found >= threshold).sum() == 36


def test_few_photographs_send_on_all_of_them():
    threshold, scores, diseased = choose([0.3, 0.8, 0.9], [0.1, 0.2, 0.7], 0.95)
    assert threshold == pytest.approx(0.25)
    assert (scores[diseased] >= threshold).all()


@pytest.mark.parametrize(("others", "threshold"), [([], 0.2), ([0.9], 0.2)])
def test_below_the_lowest_photograph_there_is_still_room(others, threshold):
    assert choose([0.4], others, 0.5)[0] == pytest.approx(threshold)


def test_all_equal_scores_are_all_sent_on():
    threshold, scores, _ = choose([0.5] * 30, [0.5] * 30, 0.9)
    assert (scores >= threshold).all()


def test_a_sensitivity_of_one_sends_on_every_positive_photograph():
    draw = np.random.default_rng(0)
    threshold, scores, diseased = choose(draw.random(200), draw.random(200), 1.0)
    assert (scores[diseased] >= threshold).all()


@pytest.mark.parametrize("wanted", [0.95, 0.9, 0.8])
def test_the_wanted_share_of_new_photographs_is_found_on_average(wanted):
    """The plain share of validation would find 1 / (n + 1) too few."""
    draw = np.random.default_rng(1)
    shares = []
    for _ in range(3000):
        threshold, _, _ = choose(draw.normal(size=60), draw.normal(-1, 1, 60), wanted)
        shares.append((draw.normal(size=60) >= threshold).mean())
    assert wanted - 0.003 < np.mean(shares) < wanted + 1 / 61 + 0.01


def test_decisions_are_scored_by_hand():
    sent = np.array([1, 1, 0, 1, 0, 0, 0, 1], bool)
    diseased = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    figures = score_decisions(sent, diseased, list("aabbccdd"), confidence=0.95)
    assert figures["sensitivity"]["value"] == figures["specificity"]["value"] == 0.75
    for figure in figures.values():
        assert 0 <= figure["low"] < 0.75 < figure["high"] <= 1


def test_photographs_of_one_lesion_are_no_more_than_one():
    draw = np.random.default_rng(2)
    sent, diseased = draw.random(80) < 0.8, np.ones(80, bool)
    alone = score_decisions(sent, diseased, [str(n) for n in range(80)], confidence=0.9)
    again = score_decisions(
        np.repeat(sent, 5), np.ones(400, bool), np.repeat(range(80), 5), confidence=0.9
    )
    assert again["sensitivity"] == alone["sensitivity"]
    assert alone["specificity"] == {"value": None, "low": None, "high": None}


def test_of_what_is_all_right_the_interval_still_has_a_width():
    figures = score_decisions(
        np.ones(20, bool),
        np.arange(20) < 10,
        [str(n) for n in range(20)],
        confidence=0.95,
    )
    assert figures["sensitivity"]["value"] == figures["sensitivity"]["high"] == 1
    assert figures["sensitivity"]["low"] == pytest.approx(10 / (10 + 1.96**2), abs=0.01)
    assert figures["specificity"]["value"] == 0
    assert figures["specificity"]["high"] > 0.2


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Lesions of one to three photographs, each with a chance of its own."""
    draw = np.random.default_rng(3)
    held = []
    for _ in range(200):
        chance = draw.beta(8, 2, 60)
        counts = draw.integers(1, 4, 60)
        groups = np.repeat(np.arange(60), counts)
        sent = draw.random(len(groups)) < np.repeat(chance, counts)
        figure = score_decisions(
            sent, np.ones(len(sent), bool), groups, confidence=0.9
        )["sensitivity"]
        held.append(figure["low"] <= 0.8 <= figure["high"])
    assert 0.84 < np.mean(held) < 0.96


def test_the_shares_of_classes_and_what_is_behind_a_decision():
    sent = np.array([1, 1, 0, 1, 0, 0], bool)
    shares = share_by_class(sent, np.array([0, 0, 1, 1, 1, 1]), ["MEL", "NV", "BCC"])
    assert shares == {"MEL": 1.0, "NV": 0.25, "BCC": None}
    assert predictive_value([1.0, 0.25, 0.5], [0.1, 0.8, 0.1], 0) == pytest.approx(
        0.1 / (0.1 + 0.2 + 0.05), abs=1e-6
    )
    assert predictive_value([1.0, 0.25, None], [0.1, 0.8, 0.1], 0) is None
    assert predictive_value([0.0, 0.0, 0.0], [0.1, 0.8, 0.1], 0) is None
