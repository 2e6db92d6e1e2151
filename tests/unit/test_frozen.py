"""What is frozen stays; a last layer learns from features computed once."""

import numpy as np
import pytest
import torch

from lesionlab.classification.frozen import (
    VIEWS,
    freeze_stages,
    prepare_head,
    view_of,
)
from lesionlab.classification.prediction import predict_logits
from lesionlab.classification.task import Classification, Labelled, plan_training
from lesionlab.classification.transforms import augment, draw_augmentation
from lesionlab.classification.wanted import check_wanted
from lesionlab.errors import LabError
from lesionlab.networks.network import Architecture, build_network
from lesionlab.state import TrainingState
from lesionlab.training.device import pick_device, place_model
from lesionlab.training.loop import fit
from recipes import classification
from unit.mortal import train_with_kills
from unit.test_timm import OPTIONS

STILL = {"flips": True, "rotations": True, "jitter": 0.0, "crop": 0.0}


def make_sets(size=32):
    draw = np.random.default_rng(1)
    labels = torch.from_numpy(draw.integers(0, 3, 20))
    pixels = torch.from_numpy(draw.integers(0, 256, (20, size, size, 3), np.uint8))
    return Labelled(pixels[:12], labels[:12]), Labelled(pixels[12:], labels[12:])


def make_network(model="resnet50", size=32):
    network = build_network(Architecture(model, size), 3, seed=2)
    place_model(network.module, pick_device(1))
    return network


def test_a_view_is_what_augmentation_makes_of_a_picture():
    rows = np.arange(64)
    draws = draw_augmentation(rows, seed=1, fold="fold0", epoch=1, options=STILL)
    views = view_of(draws)
    assert set(views) == set(range(VIEWS))
    picture = make_sets()[0].pixels[:1]
    shown = augment(picture.expand(64, -1, -1, -1), torch.tensor(draws), crop=False)
    for view, seen in zip(views, shown, strict=True):
        mirrored = picture.flip(2) if view >= VIEWS // 2 else picture
        expected = mirrored.rot90(int(view) % 4, (1, 2))[0].permute(2, 0, 1) / 255
        torch.testing.assert_close(seen.double(), expected.double())


@pytest.mark.parametrize("model", ["resnet50", "timm/convnext_atto"])
def test_only_the_last_layer_learns_and_a_killed_one_ends_in_the_same_bits(
    model, tmp_path
):
    train, valid = make_sets()
    options = {**OPTIONS, "augmentation": STILL, "epochs": 3, "learning_rate": 0.1}

    def train_head(state):
        network = make_network(model)
        head, task = prepare_head(network, train, valid, options)
        result = fit(head, task, plan_training(options), state=state)
        return network, result

    before = make_network(model).module.state_dict()
    with TrainingState(tmp_path / "whole", {}) as state:
        network, (weights, history, kept) = train_head(state)
    _, again = train_with_kills(train_head, tmp_path / "killed", 2, 0.0)
    assert (history, kept) == again[1:]
    assert all(torch.equal(again[0][name], value) for name, value in weights.items())
    after = network.module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith(network.head)}
    # the whole network gives what its last layer learned
    head = network.module.get_submodule(network.head[0].removesuffix("."))
    head.load_state_dict(weights)
    whole = Classification(train, valid, options, network.scale)
    assert whole.validate(network.module, lambda: None)["val_loss"] == pytest.approx(
        history[kept - 1]["val_loss"], rel=1e-5
    )


def test_views_that_no_augmentation_shows_are_not_computed():
    train, valid = make_sets()
    options = {**OPTIONS, "augmentation": {**STILL, "rotations": False}}
    _, task = prepare_head(make_network(), train, valid, options)
    assert [bool(view.any()) for view in task.features] == [True, False] * 4


@pytest.mark.parametrize("model", ["resnet50", "timm/swin_tiny_patch4_window7_224"])
def test_the_last_stages_learn_and_what_is_frozen_stays(model, tmp_path):
    train, valid = make_sets()
    network = make_network(model)
    freeze_stages(network, 1)
    before = {k: v.clone() for k, v in network.module.state_dict().items()}
    task = Classification(train, valid, OPTIONS, network.scale)
    with TrainingState(tmp_path, {}) as state:
        fit(network.module, task, plan_training(OPTIONS), state=state)
    after = network.module.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    stages = {"resnet50": ("layer4", "fc"), "timm/swin": ("layers.3", "norm.", "head")}
    assert all(name.startswith(stages[model[:9].rstrip("_")]) for name in changed)
    assert len(changed) > len(network.head)


@pytest.mark.parametrize(
    ("model", "learning", "why"),
    [
        ("resnet50", 5, "trainable: 5: ResNet-50 has 5 stages; from 1 to 4, head or"),
        ("timm/convnext_atto", 9, "9: timm/convnext_atto has 5 stages; from 1 to 4"),
    ],
)
def test_more_stages_than_there_are_end_in_one_line(model, learning, why):
    with pytest.raises(LabError, match=why):
        freeze_stages(make_network(model), learning)


def test_a_network_whose_stages_nobody_names_is_refused_in_one_line():
    line = "trainable: 1: timm names no stages of timm/poolformer_s12; take head or all"
    with pytest.raises(LabError, match=line):
        freeze_stages(make_network("timm/poolformer_s12", 32), 1)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"trainable": "head"}, "augmentation.jitter: set it to 0: with trainable"),
        (
            {"weights": "package", "weights_variant": "v1.5"},
            "weights_variant: v1.5: the weights of package are v1; set it to null",
        ),
        (
            {"weights": "imagenet", "weights_variant": "v1"},
            "weights_variant: v1: the weights of imagenet are v1.5; set it to null",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_runs(wanted, why):
    with pytest.raises(LabError, match=f"classification.{why}"):
        check_wanted(classification(**wanted))


@pytest.mark.parametrize(
    ("model", "changes", "why"),
    [
        (
            "resnet50",
            {"mixup": 0.2},
            "classification.mixup: set it to 0: with trainable",
        ),
        (
            "resnet50",
            {"augmentation": {**STILL, "crop": 0.1}},
            "augmentation.crop: set it to 0",
        ),
        ("timm/deit_tiny_distilled_patch16_224", {}, "_224 is no single layer; take"),
    ],
)
def test_what_needs_more_than_features_ends_in_one_line(model, changes, why):
    options = {**OPTIONS, "augmentation": STILL, **changes}
    with pytest.raises(LabError, match=why):
        prepare_head(make_network(model), *make_sets(), options)


def test_features_are_those_of_the_network_that_predicts():
    network, (train, valid) = make_network(), make_sets()
    options = {**OPTIONS, "augmentation": STILL}
    head, task = prepare_head(network, train, valid, options)
    with torch.inference_mode():
        logits = head(task.valid_features)
    expected = predict_logits(network.module, valid.pixels, batch_size=4)
    torch.testing.assert_close(logits, expected)
