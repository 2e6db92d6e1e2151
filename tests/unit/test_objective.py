"""Which pictures a classifier is shown, and what it is asked for."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.functional import cross_entropy, one_hot

from lesionlab.classification.objective import (
    balanced_order,
    classification_loss,
    count_rounds,
    weigh_classes,
)
from lesionlab.classification.task import Classification, Labelled
from recipes import classification

PLAIN = {"label_smoothing": 0.0, "focal": 0.0}
LABELS = np.repeat([0, 1, 2], [6, 40, 14])


def test_an_epoch_shows_every_class_equally_often():
    order = balanced_order(LABELS, np.random.default_rng(1))
    assert len(np.unique(order)) == 60  # each showing has a number of its own
    assert order.max() < 60 * count_rounds(LABELS)
    order %= 60
    assert np.bincount(LABELS[order]).tolist() == [20, 20, 20]
    shown = np.bincount(order, minlength=60)
    assert set(shown[:6]) == {3, 4}  # again and again, but none more than another
    assert set(shown[6:46]) == {0, 1}
    assert set(shown[46:]) == {1, 2}
    assert (np.diff(LABELS[order]) != 0).mean() > 0.5  # and not class by class


def test_epochs_show_all_of_a_large_class_in_the_end():
    streams = map(np.random.default_rng, range(12))
    shown = np.concatenate([balanced_order(LABELS, s) for s in streams])
    assert np.unique(shown % 60).tolist() == list(range(60))


def test_a_picture_that_is_shown_again_in_an_epoch_is_changed_anew():
    pixels = torch.randint(0, 256, (8, 8, 8, 3), dtype=torch.uint8)
    labels = torch.tensor([0, 1, 1, 1, 1, 1, 1, 1])
    options = classification(sampling="balanced", classes=["MEL", "NV"])
    task = Classification(Labelled(pixels, labels), Labelled(pixels, labels), options)
    order = torch.as_tensor(task.order(1))
    inputs, targets = task.show(1)(order)
    assert targets.bincount().tolist() == [4, 4]
    assert len(inputs[targets == 0].unique(dim=0)) == 4
    plain = Classification(task.train, task.valid, classification())
    first, _ = plain.show(1)(torch.arange(8))
    own, _ = task.show(1)(torch.arange(8))
    assert torch.equal(first, own)  # the first showing is that of natural sampling


def test_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.arange(3), y=LABELS)
    assert np.allclose(weigh_classes(torch.from_numpy(LABELS), 3), expected)


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(1)
    return torch.randn(9, 3, generator=draw), torch.arange(9) % 3


def test_off_is_cross_entropy_to_the_bit(batch):
    loss = classification_loss(*batch, options=PLAIN, weights=None)
    assert torch.equal(loss, cross_entropy(*batch))


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_a_picture_without_doubt_leaves_a_focal_loss_a_gradient(gamma):
    logits = torch.tensor([[200.0, 0.0], [0.3, 0.1]], requires_grad=True)
    options = {**PLAIN, "focal": gamma}
    loss = classification_loss(
        logits, torch.tensor([0, 1]), options=options, weights=None
    )
    loss.backward()
    assert torch.isfinite(logits.grad).all()


def test_a_focal_loss_is_that_of_the_paper(batch):
    logits, targets = batch
    p = logits.softmax(1)[torch.arange(9), targets]
    expected = (-((1 - p) ** 2) * p.log()).mean()
    options = {**PLAIN, "focal": 2.0}
    for truth in (targets, one_hot(targets, 3).float()):
        loss = classification_loss(logits, truth, options=options, weights=None)
        assert torch.allclose(loss, expected)


def test_weights_and_smoothing_reach_the_loss(batch):
    logits, targets = batch
    weights = torch.tensor([3.0, 1.0, 0.5])
    options = {**PLAIN, "label_smoothing": 0.1}
    loss = classification_loss(logits, targets, options=options, weights=weights)
    expected = cross_entropy(logits, targets, weights, label_smoothing=0.1)
    assert torch.equal(loss, expected)
