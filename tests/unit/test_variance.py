"""The two chances: variances against textbooks, intervals against their coverage."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from lesionlab.statistics.power import detectable, plan, redesign
from lesionlab.statistics.variance import (
    RELIEF,
    SKEWNESS,
    Variance,
    fixed_half_width,
    half_width,
    p_value,
    split_variance,
)


def draw_parts(draw, *, folds, seeds, lesions=200, own=1.0, mixed=1.0, noise=1.0):
    """Values and deviations of a mean over lesions crossed with trainings."""
    values, deviations, strata = [], [], []
    for _ in range(folds):
        effects = draw.normal(0, own, (lesions, 1))
        effects = effects + draw.normal(0, mixed, (lesions, seeds))
        trainings = draw.normal(0, noise, seeds)
        values.append(effects.mean(0) + trainings)
        scaled = (effects - effects.mean(0)) / np.sqrt(lesions * (lesions - 1))
        deviations.append(scaled)
        strata.append(np.zeros(lesions, int))
    return np.array(values), deviations, strata


def test_one_training_has_no_variance_of_trainings():
    values, deviations, strata = draw_parts(np.random.default_rng(1), folds=1, seeds=1)
    variance = split_variance(values, deviations, strata)
    assert variance.rest is None
    assert half_width(variance, 0.95) is None
    assert p_value(1.0, variance) is None
    assert detectable(variance, confidence=0.95) is None
    error = np.sqrt((deviations[0] ** 2).sum())
    assert fixed_half_width(variance, 0.95) == pytest.approx(t.ppf(0.975, 199) * error)


def test_folds_with_one_training_are_a_t_test_over_folds():
    values, deviations, strata = draw_parts(np.random.default_rng(1), folds=5, seeds=1)
    variance = split_variance(values, deviations, strata)
    known = ttest_1samp(values.ravel(), 0)
    interval = known.confidence_interval(0.95)
    half = half_width(variance, 0.95) / np.sqrt(SKEWNESS)
    assert half == pytest.approx((interval.high - interval.low) / 2)
    statistic = np.abs(known.statistic) / np.sqrt(SKEWNESS)
    expected = 2 * t.sf(statistic, 4)
    assert p_value(values.mean(), variance) == pytest.approx(expected)


def test_trainings_without_lesions_are_a_t_test_over_trainings():
    values, deviations, strata = draw_parts(
        np.random.default_rng(1), folds=1, seeds=4, own=0, mixed=0
    )
    variance = split_variance(values, deviations, strata)
    interval = ttest_1samp(values.ravel(), 0).confidence_interval(0.95)
    half = half_width(variance, 0.95) / np.sqrt(SKEWNESS)
    assert half == pytest.approx((interval.high - interval.low) / 2)


def test_the_parts_are_found_again():
    draw = np.random.default_rng(2)
    found = []
    for _ in range(300):
        parts = draw_parts(draw, folds=2, seeds=3, own=2.0, mixed=1.5, noise=0.3)
        variance = split_variance(*parts)
        found.append((variance.single[0], variance.single[1], variance.single[2]))
        # over these networks, and over all: the second adds the trainings
        whole = variance.lesions + variance.rest
        found[-1] += (variance.fixed, whole)
    lesions, mixed, noise, fixed, whole = np.mean(found, axis=0)
    assert lesions == pytest.approx(4 / 200, rel=0.05)
    assert mixed == pytest.approx(2.25 / 200, rel=0.05)
    assert noise == pytest.approx(0.09, rel=0.15)
    assert fixed == pytest.approx((4 + 2.25 / 3) / 400, rel=0.05)
    assert whole == pytest.approx((4 + 2.25 / 3) / 400 + 0.09 / 6, rel=0.1)


@pytest.mark.parametrize(
    ("folds", "seeds"), [(1, 2), (1, 3), (1, 5), (5, 1), (3, 2), (5, 3)]
)
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.1, 0.5])
def test_the_interval_covers(folds, seeds, noise):
    draw = np.random.default_rng(5)
    hits, rejected = [], []
    for _ in range(1000):
        values, deviations, strata = draw_parts(
            draw, folds=folds, seeds=seeds, lesions=60, own=0.5, mixed=0.3, noise=noise
        )
        variance = split_variance(values, deviations, strata)
        half = half_width(variance, 0.95)
        hits.append(abs(values.mean()) <= half)
        rejected.append(p_value(values.mean(), variance) < 0.05)
    assert 0.925 <= np.mean(hits) <= 0.98
    assert np.mean(rejected) == pytest.approx(1 - np.mean(hits))


BASE = Variance(
    folds=1,
    trainings=3,
    fixed=0.0002,
    lesions=0.0001,
    lesions_df=60.0,
    rest=0.0004,
    rest_df=2,
    single=(0.0001, 0.0003, 0.0009),
)


@pytest.mark.parametrize("df", [1, 2, 4])
def test_the_guard_of_few_trainings_holds(df):
    variance = replace(BASE, trainings=df + 1, rest_df=df)
    rest = SKEWNESS * BASE.rest
    alone = t.ppf(0.975, df) * np.sqrt(rest)
    alone -= RELIEF / df**2 * np.sqrt(BASE.lesions)
    whole = BASE.lesions + rest
    usual = t.ppf(0.975, df * (whole / rest) ** 2) * np.sqrt(whole)
    assert half_width(variance, 0.95) == pytest.approx(max(alone, usual))


def test_trainings_that_agree_by_chance_leave_the_lesions():
    values, deviations, strata = draw_parts(np.random.default_rng(1), folds=1, seeds=2)
    variance = split_variance(np.zeros_like(values), deviations, strata)
    assert variance.lesions >= variance.fixed > 0
    assert half_width(variance, 0.95) >= 1.95 * np.sqrt(variance.fixed)


@pytest.mark.parametrize("df", [1, 2, 4])
@pytest.mark.parametrize("lesions", [0.0, 0.0004, 0.004])
def test_a_detectable_difference_is_found_in_four_of_five_studies(df, lesions):
    variance = replace(BASE, lesions=lesions, trainings=df + 1, rest_df=df)
    true = detectable(variance, confidence=0.95)
    draw = np.random.default_rng(3)
    error = np.sqrt(lesions + BASE.rest)
    found = []
    for _ in range(4000):
        rest = BASE.rest * draw.chisquare(df) / df
        half = half_width(replace(variance, rest=rest), 0.95)
        found.append(abs(draw.normal(true, error)) > half)
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)


def test_one_training_a_fold_does_not_tell_what_more_would_do():
    draw = np.random.default_rng(1)
    parts = draw_parts(draw, folds=5, seeds=1, own=0.3, noise=0.5)
    variance = split_variance(*parts)
    assert variance.single[1:] == (None, None)
    assert variance.between > 0
    more = redesign(variance, trainings=8, factor=1)
    assert more.rest == pytest.approx(variance.rest)
    margin = 0.6 * detectable(variance, confidence=0.95)
    advice = plan(variance, margin=margin, confidence=0.95)
    assert (advice["trainings"], advice["both"]) == (None, None)


def test_a_redesign_with_nothing_new_is_the_same_in_expectation():
    same = redesign(BASE, trainings=3, factor=1)
    assert same.lesions == pytest.approx(BASE.lesions)
    assert same.rest == pytest.approx(0.0012 / 3)
    assert same.rest_df == BASE.rest_df


def test_a_plan_reaches_the_margin_with_the_fewest_trainings():
    advice = plan(BASE, margin=0.05, confidence=0.95)
    n = advice["trainings"]
    assert n > 3
    for trainings, enough in ((n, True), (n - 1, False)):
        other = redesign(BASE, trainings=trainings, factor=1)
        assert (detectable(other, confidence=0.95) <= 0.05) is enough


def test_a_plan_says_where_trainings_or_lesions_alone_are_not_enough():
    lesions_rule = replace(BASE, lesions=0.01, single=(0.01, 0.0003, 0.0001))
    advice = plan(lesions_rule, margin=0.1, confidence=0.95)
    assert advice["trainings"] is None
    assert advice["lesions"] > 1
    rule = replace(lesions_rule, single=(0.01, 0.001, 0.01))
    advice = plan(rule, margin=0.1, confidence=0.95)
    assert advice["trainings"] is None
    assert advice["lesions"] is None
    trainings, factor = advice["both"]
    assert trainings > 3
    assert factor > 1
    other = redesign(rule, trainings=trainings, factor=factor)
    assert detectable(other, confidence=0.95) <= 0.1
    assert set(plan(rule, margin=0.001, confidence=0.95).values()) == {None}
