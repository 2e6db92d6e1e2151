"""Calibration against sums by hand, and against networks whose faults are known."""

import numpy as np
import pytest

from lesionlab.bundle.calibration import (
    BINS,
    Calibration,
    fit_calibration,
    fit_temperature,
    measure_calibration,
    shift_prior,
    temper,
    trained_shares,
)

EVEN = [1 / 3] * 3


def softmax(logits):
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def draw_truth(p, draw):
    """A class for each row of probabilities, as likely as they say."""
    return (p.cumsum(axis=1) < draw.random((len(p), 1))).sum(axis=1)


def test_a_prior_is_shifted_as_saerens_writes():
    """A network trained on even classes says 0.5, 0.3, 0.2; of ten, one, seven, two."""
    moved = shift_prior(np.array([[0.5, 0.3, 0.2]]), EVEN, [0.1, 0.7, 0.2])
    whole = 0.5 * 0.1 + 0.3 * 0.7 + 0.2 * 0.2
    assert moved[0] == pytest.approx([0.05 / whole, 0.21 / whole, 0.04 / whole])


def test_a_prior_is_shifted_there_and_back():
    p = softmax(np.random.default_rng(0).normal(size=(50, 3)))
    there = shift_prior(p, [0.2, 0.5, 0.3], [0.1, 0.1, 0.8])
    assert shift_prior(there, [0.1, 0.1, 0.8], [0.2, 0.5, 0.3]) == pytest.approx(p)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_known_temperature_is_found(temperature):
    draw = np.random.default_rng(1)
    true = softmax(draw.normal(0, 1.5, (20_000, 3)))
    truth = draw_truth(true, draw)
    said = softmax(np.log(true) * temperature)
    found = fit_temperature(said, truth, before=EVEN, after=EVEN)
    assert found == pytest.approx(temperature, rel=0.05)
    # but for what is less than can be stored
    assert np.abs(temper(said, temperature) - true).max() < 0.02


def test_a_network_of_even_classes_that_is_too_sure_is_calibrated_elsewhere():
    """Trained on even classes, tempered wrongly, used where one of ten is positive."""
    draw = np.random.default_rng(2)
    prevalence = [0.1, 0.7, 0.2]

    def photograph(shares, count):
        truth = draw.choice(3, count, p=shares)
        seen = draw.normal(0, 1, (count, 3)) + 1.2 * np.eye(3)[truth]
        # of even classes the true logits are 1.2 times what is seen
        return truth, softmax(1.2 * seen * 2.5)

    truth, said = photograph([0.25, 0.5, 0.25], 20_000)
    fitted = fit_calibration(said, truth, trained=EVEN, prevalence=prevalence)
    assert fitted.temperature == pytest.approx(2.5, rel=0.05)
    assert fitted.validated == pytest.approx([0.25, 0.5, 0.25], abs=0.02)
    truth, said = photograph(prevalence, 20_000)
    figures = {"positive": 0, "prevalence": prevalence}
    before = measure_calibration(said, truth, **figures)
    after = measure_calibration(fitted.apply(said), truth, **figures)
    assert after["log_loss"] < before["log_loss"] - 0.2
    assert after["calibration_error"] < 0.015 < before["calibration_error"]
    assert fitted.apply(said)[:, 0].mean() == pytest.approx(0.1, abs=0.01)


def test_without_a_prevalence_that_of_validation_holds():
    truth = np.array([0, 0, 1, 1, 1, 2])
    p = softmax(np.eye(3)[truth])
    fitted = fit_calibration(p, truth, trained=EVEN, prevalence=None)
    assert fitted.prevalence == fitted.validated == pytest.approx([2 / 6, 3 / 6, 1 / 6])


def test_a_class_without_a_photograph_keeps_every_probability_a_number():
    truth = np.array([0, 0, 1, 1])
    p = np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 1, 0]], float)
    fitted = fit_calibration(p, truth, trained=EVEN, prevalence=None)
    applied = fitted.apply(p)
    assert np.isfinite(applied).all()
    assert applied.sum(axis=1) == pytest.approx(1)
    nothing = {"log_loss": None, "calibration_error": None}
    assert (
        measure_calibration(applied, truth, positive=0, prevalence=fitted.prevalence)
        == nothing
    )


@pytest.mark.parametrize(
    ("balanced", "weighted", "shares"),
    [
        (False, False, [0.1, 0.7, 0.2]),
        (True, False, EVEN),
        (False, True, EVEN),
        # shown equally often, and weighed by the inverse of the share all the same
        (True, True, [70 / 115, 10 / 115, 35 / 115]),
    ],
)
def test_what_the_loss_saw_hangs_on_sampling_and_weights(balanced, weighted, shares):
    found = trained_shares([10, 70, 20], balanced=balanced, weighted=weighted)
    assert found == pytest.approx(shares)


def test_the_log_loss_weighs_classes_by_prevalence():
    truth = np.array([0, 1, 1, 2])
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.8, 0], [0.4, 0.4, 0.2], [0.1, 0, 0.9]])
    found = measure_calibration(p, truth, positive=0, prevalence=[0.2, 0.5, 0.3])
    by_hand = 0.2 * np.log(0.5) + 0.25 * (np.log(0.8) + np.log(0.4)) + 0.3 * np.log(0.9)
    assert found["log_loss"] == pytest.approx(-by_hand, abs=1e-6)


def test_the_calibration_error_of_what_is_right_and_of_what_is_not():
    draw = np.random.default_rng(3)
    p = softmax(draw.normal(0, 1.5, (50_000, 2)))
    truth = draw_truth(p, draw)
    share = np.bincount(truth) / len(truth)
    figures = {"positive": 0, "prevalence": share.tolist()}
    right = measure_calibration(p, truth, **figures)["calibration_error"]
    assert right < 3 * np.sqrt(BINS * 0.25 / len(truth))
    sure = np.stack([np.ones(50_000), np.zeros(50_000)], axis=1)
    assert measure_calibration(sure, truth, **figures)["calibration_error"] == (
        pytest.approx(1 - share[0], abs=1e-6)
    )


def test_a_calibration_is_applied_in_its_two_steps():
    p = np.array([[0.7, 0.2, 0.1]])
    made = Calibration(EVEN, [0.2, 0.6, 0.2], [0.1, 0.8, 0.1], 2.0)
    tempered = np.sqrt(p[0])
    shifted = tempered * [0.1, 0.8, 0.1]  # of even classes
    assert made.apply(p)[0] == pytest.approx(shifted / shifted.sum())
