"""The classifier: a killed training continues to the same bits, and what keys do."""

import numpy as np
import pytest

from lesionlab.errors import LabError
from lesionlab.state import TrainingState
from recipes import classification
from unit.mortal import train_with_kills

CLASSIFIER = classification(schedule="cosine")


def fit_classifier(state, **changes):
    import torch

    from lesionlab.classification.task import Classification, Labelled, plan_training
    from lesionlab.networks.resnet import build_resnet
    from lesionlab.training.device import pick_device, place_model
    from lesionlab.training.loop import fit

    draw = np.random.default_rng(1)
    labels = draw.choice(3, 26, p=[0.2, 0.3, 0.5])
    pixels = draw.integers(0, 120, (26, 32, 32, 3), np.uint8)
    pixels[np.arange(26), ..., labels] += 100
    data = Labelled(torch.from_numpy(pixels), torch.from_numpy(labels))
    train, valid = (
        Labelled(data.pixels[rows], data.labels[rows])
        for rows in (slice(0, 18), slice(18, 26))
    )
    model = place_model(build_resnet(3, seed=2), pick_device(1))
    options = {**CLASSIFIER, **changes}
    task = Classification(train, valid, options)
    return fit(model, task, plan_training(options), state=state)


@pytest.fixture(scope="module", autouse=True)
def smaller():
    """A network of the same kind: what is tested here is how it is trained."""
    from torchvision.models import resnet18

    from lesionlab.networks import resnet

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "resnet50", resnet18)
        yield


@pytest.fixture(scope="module")
def whole_classifier(tmp_path_factory):
    with TrainingState(tmp_path_factory.mktemp("state"), {}) as state:
        return fit_classifier(state)


# of an epoch: three after a step, two in the validation, one at its end
KILLS = {
    "epoch 1, validation": 4,
    "epoch 2, step 1": 4,
    "epoch 2, end": 5,
    "epoch 3, step 2": 2,
}


def test_a_killed_classifier_ends_in_the_same_bits(whole_classifier, tmp_path):
    import torch

    weights, history, kept = train_with_kills(
        fit_classifier, tmp_path, KILLS.values(), 0.0
    )
    assert (history, kept) == whole_classifier[1:]
    for name, value in whole_classifier[0].items():
        assert torch.equal(weights[name], value), name


MORE = {
    "warmup": 1.5,
    "ema": 0.8,
    "sampling": "balanced",
    "class_weights": True,
    "label_smoothing": 0.1,
    "focal": 2.0,
    "mixup": 0.4,
}


def test_a_killed_classifier_with_all_that_is_off_by_default_ends_in_the_same_bits(
    whole_classifier, tmp_path
):
    import torch

    with TrainingState(tmp_path / "whole", {}) as state:
        weights, history, kept = fit_classifier(state, **MORE)
    again = train_with_kills(
        lambda state: fit_classifier(state, **MORE), tmp_path / "killed", 5, 0.0
    )
    assert (history, kept) == again[1:]
    assert all(torch.equal(again[0][name], value) for name, value in weights.items())
    assert history != whole_classifier[1]


def first_epoch(folder, **changes):
    with TrainingState(folder, {}) as state:
        return fit_classifier(state, epochs=1, schedule="constant", **changes)[1]


def test_each_of_them_changes_the_training(tmp_path):
    plain = first_epoch(tmp_path / "plain")
    for key, value in MORE.items():
        changed = first_epoch(tmp_path / key, **{key: value})
        assert changed[0]["val_loss"] != plain[0]["val_loss"], key


def test_early_stopping_waits_for_the_patience(tmp_path):
    changes = {"learning_rate": 1e-12, "epochs": 9, "patience": 2, "momentum": 0.0}
    with TrainingState(tmp_path, {}) as state:
        _, history, kept = fit_classifier(state, **changes)
    losses = [row["val_loss"] for row in history]
    assert kept == int(np.argmin(losses)) + 1
    assert len(history) == min(9, kept + 2)


def test_a_diverging_classifier_names_epoch_and_batch(tmp_path):
    with (
        TrainingState(tmp_path, {}, save_seconds=0) as state,
        pytest.raises(LabError, match=r"epoch \d, batch \d: the loss is .*learning"),
    ):
        fit_classifier(state, learning_rate=1e30)
    _, facts = state.load()  # of the last step whose loss was a number
    assert np.isfinite(facts["progress"]["loss"])


def test_a_validation_loss_that_is_no_number_ends_a_classifier(tmp_path, monkeypatch):
    from lesionlab.classification import task

    nowhere = {"val_loss": float("nan"), "val_accuracy": 0.0}
    monkeypatch.setattr(task, "evaluate", lambda *_, **__: nowhere)
    why = r"epoch 1: the validation loss is nan; lower .*learning_rate"
    with TrainingState(tmp_path, {}) as state, pytest.raises(LabError, match=why):
        fit_classifier(state)
