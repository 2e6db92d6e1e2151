"""Lesions drawn within their class: bootstrap and jackknife against textbooks."""

import numpy as np
import pytest

from lesionlab.statistics.metrics import METRICS, Outcome
from lesionlab.statistics.resampling import Lesions, bootstrap, deviations
from unit.test_metrics import make_predictions, outcome_of


def lesions_of(table):
    return Lesions(table["group"], outcome_of(table).truth)


def test_photographs_of_a_lesion_are_drawn_together_within_their_class():
    lesions = Lesions([f"g{n // 3}" for n in range(30)], np.arange(30) // 12)
    first, second = (
        np.concatenate(list(lesions.draw(50, np.random.default_rng(1))))
        for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert first.shape == (50, 10)
    for stratum, size in enumerate((4, 4, 2)):
        drawn = first[:, lesions.stratum == stratum]
        assert drawn.sum(1) == pytest.approx(np.full(50, size))


def test_draws_do_not_depend_on_how_many_are_held_at_once(monkeypatch):
    lesions = Lesions([f"g{n // 2}" for n in range(40)], np.arange(40) // 20)
    outcome = Outcome(
        np.arange(40) // 20,
        np.random.default_rng(0).dirichlet([1, 1], 40),
        positive=1,
    )
    many = deviations([outcome], lesions)[0]
    monkeypatch.setattr("lesionlab.statistics.resampling.CHUNK_BYTES", 1)
    few = deviations([outcome], lesions)[0]
    for name in METRICS:
        assert many[name] == pytest.approx(few[name], nan_ok=True)


def mean_outcome(values):
    """An outcome whose Brier score is the mean of `values` in 0..2."""
    p = np.stack([1 - np.sqrt(values / 2), np.sqrt(values / 2)], axis=1)
    return Outcome(np.zeros(len(values), int), p, positive=0)


def test_the_variance_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(3).uniform(0, 2, 40)
    outcome = mean_outcome(values)
    lesions = Lesions([str(n) for n in range(40)], outcome.truth)
    expected = values.var(ddof=1) / 40
    change = deviations([outcome], lesions)[0]["brier"]
    assert (change**2).sum() == pytest.approx(expected)
    drawn = bootstrap(
        [outcome], lesions, replicates=20_000, generator=np.random.default_rng(1)
    )[0]["brier"]
    assert drawn.var() == pytest.approx(expected, rel=0.05)
    assert drawn.mean() == pytest.approx(values.mean(), abs=3e-3)


def test_the_jackknife_and_the_bootstrap_agree_on_every_metric():
    table = make_predictions(800, seed=2)
    outcome, lesions = outcome_of(table, threshold=0.4), lesions_of(table)
    changes = deviations([outcome], lesions)[0]
    draws = bootstrap(
        [outcome], lesions, replicates=4000, generator=np.random.default_rng(1)
    )[0]
    for name in METRICS:
        error = np.sqrt((changes[name] ** 2).sum())
        assert draws[name].std() == pytest.approx(error, rel=0.08), name


def test_outcomes_are_scored_under_the_same_draws():
    table = make_predictions()
    outcome = outcome_of(table)
    first, second = bootstrap(
        [outcome, outcome],
        lesions_of(table),
        replicates=50,
        generator=np.random.default_rng(1),
    )
    assert np.array_equal(first["auc"], second["auc"])


def test_the_one_lesion_of_a_class_leaves_undefined_what_needs_it():
    table = make_predictions(100)
    table.loc[table["label"] == "MEL", "label"] = "NV"
    table.loc[table.index[:2], "label"] = "MEL"
    change = deviations([outcome_of(table)], lesions_of(table))[0]
    assert np.isnan(change["auc"]).any()
    assert np.isnan(change["balanced_accuracy"]).any()
    assert not np.isnan(change["accuracy"]).any()
