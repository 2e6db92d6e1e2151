"""Networks of timm: each kind trains, is resumed, takes weights or refuses them."""

from functools import partial

import numpy as np
import pytest
import timm
import torch

from lesionlab.classification.task import Classification, Labelled, plan_training
from lesionlab.errors import LabError
from lesionlab.networks.initial import load_initial_weights, scale_beside
from lesionlab.networks.network import (
    Architecture,
    build_network,
    load_model,
    save_model,
)
from lesionlab.state import TrainingState
from lesionlab.training.device import pick_device, place_model
from lesionlab.training.loop import fit
from lesionlab.training.pictures import IMAGENET
from recipes import classification
from unit.mortal import train_with_kills

# the smallest of each kind, and a size that it takes
KINDS = {
    "timm/efficientnet_lite0": 32,
    "timm/convnext_atto": 32,
    "timm/swin_tiny_patch4_window7_224": 56,
    "timm/vit_tiny_patch16_224": 32,
    "timm/vit_small_patch14_dinov2": 28,
}
OPTIONS = classification(batch_size=4, epochs=1)


def fit_network(state, *, model, size, **changes):
    options = {**OPTIONS, **changes}
    draw = np.random.default_rng(1)
    labels = torch.from_numpy(draw.integers(0, 3, 12))
    pixels = torch.from_numpy(draw.integers(0, 256, (12, size, size, 3), np.uint8))
    train, valid = Labelled(pixels[:8], labels[:8]), Labelled(pixels[8:], labels[8:])
    network = build_network(Architecture(model, size), 3, seed=2)
    task = Classification(train, valid, options, network.scale)
    module = place_model(network.module, pick_device(1))
    return fit(module, task, plan_training(options), state=state)


@pytest.mark.parametrize("model", KINDS)
def test_each_kind_trains_and_a_killed_training_ends_in_the_same_bits(model, tmp_path):
    train = partial(fit_network, model=model, size=KINDS[model])
    with TrainingState(tmp_path / "whole", {}) as state:
        weights, history, _ = train(state)
    again, repeated, _ = train_with_kills(train, tmp_path / "killed", 2, 0.0)
    assert repeated == history
    assert all(torch.equal(again[name], value) for name, value in weights.items())


def test_a_saved_network_comes_back_with_its_size_and_scale(tmp_path):
    path, architecture = (
        tmp_path / "m.safetensors",
        Architecture("timm/vit_tiny_patch16_224", 48),
    )
    network = build_network(architecture, 3, seed=1)
    assert network.scale.mean == (0.5, 0.5, 0.5)
    assert network.scale != IMAGENET
    weights = network.module.state_dict()
    built = {"architecture": architecture, "scale": network.scale}
    save_model(path, weights, **built, classes=["a", "b", "c"])
    loaded, _ = load_model(path)
    picture = torch.rand(2, 3, 48, 48)
    with torch.inference_mode():
        expected = network.module.eval()(picture)
        assert torch.equal(loaded.module(picture), expected)
    assert loaded.scale == network.scale
    built["scale"] = IMAGENET  # as of a file of weights that says so
    save_model(path, weights, **built, classes=["a", "b", "c"])
    assert load_model(path)[0].scale == IMAGENET


def test_a_scale_beside_weights_is_read_or_refused_in_one_line(tmp_path):
    path = tmp_path / "w.pth"
    facts = path.with_suffix(".json")
    assert scale_beside(path) is None
    facts.write_text('{"variant": "v1"}')
    assert scale_beside(path) is None
    facts.write_text('{"mean": [0.1, 0.2, 0.3], "std": [1, 2, 3]}')
    assert scale_beside(path) == ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    for wrong in ("[", '{"mean": [0, 0, 0]}', '{"mean": 1, "std": 1}'):
        facts.write_text(wrong)
        with pytest.raises(LabError, match=f"^{facts}: no JSON object with mean"):
            scale_beside(path)
    facts.write_text('{"mean": [0, 0, 0], "std": [0, 1, 1]}')
    with pytest.raises(LabError, match=f"^{facts}: mean and std are three numbers"):
        scale_beside(path)


def test_weights_of_another_size_and_head_are_taken(tmp_path):
    """A ViT of 224 pixels and 1000 classes begins one of 48 pixels and three."""
    whole = timm.create_model("vit_tiny_patch16_224", pretrained=False)
    path = tmp_path / "w.pth"
    torch.save(whole.state_dict(), path)
    network = build_network(Architecture("timm/vit_tiny_patch16_224", 48), 3, seed=1)
    head = network.module.head.weight.clone()
    load_initial_weights(network, path)
    taken = network.module.state_dict()
    name = "blocks.0.attn.qkv.weight"
    assert torch.equal(taken[name], whole.state_dict()[name])
    assert torch.equal(taken["head.weight"], head)
    assert taken["pos_embed"].shape == (1, 10, 192)


def test_weights_of_another_network_are_refused(tmp_path):
    network = build_network(Architecture("timm/convnext_atto", 32), 3, seed=1)
    other = timm.create_model("convnext_femto", pretrained=False).state_dict()
    for state, why in (
        (other, r"not the weights of a timm/convnext_atto: .* is \(.*\), not \("),
        ({"a": torch.ones(2)}, r"not the weights of a timm/convnext_atto \(a\)"),
        (
            {"model": other, "epoch": 3},
            "a checkpoint of a training; save what it holds",
        ),
        ({f"module.{n}": v for n, v in other.items()}, "saved from DataParallel"),
    ):
        path = tmp_path / "w.pth"
        torch.save(state, path)
        with pytest.raises(LabError, match=f"^{path}: {why}"):
            load_initial_weights(network, path)


@pytest.mark.parametrize(
    ("model", "size", "why"),
    [
        ("timm/convnext_ato", 32, "timm has no convnext_ato; near it: convnext_atto"),
        ("timm/vit_tiny_patch16_224", 8, "classification.size: 8: timm/vit_tiny"),
    ],
)
def test_what_timm_does_not_have_is_named(model, size, why):
    with pytest.raises(LabError, match=why):
        build_network(Architecture(model, size), 3, seed=1)
