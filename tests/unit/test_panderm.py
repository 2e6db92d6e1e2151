"""PanDerm's weights: every one lands where it should, and gives what its network gives.

Its files were never here. What is known of their layout is written down once more, on
its own, as is the network.
"""

import argparse
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, gelu, layer_norm, linear

from lesionlab.classification.frozen import choose_learning
from lesionlab.classification.task import plan_training
from lesionlab.classification.wanted import check_wanted
from lesionlab.errors import LabError
from lesionlab.networks import panderm
from lesionlab.networks.initial import load_initial_weights
from lesionlab.networks.network import (
    Architecture,
    build_network,
    load_model,
    save_model,
)
from lesionlab.state import TrainingState
from lesionlab.training.device import pick_device, place_model
from lesionlab.training.loop import fit
from lesionlab.weights.file import inspect_weights
from recipes import classification
from unit.mortal import train_with_kills
from unit.test_frozen import STILL, make_sets
from unit.test_timm import OPTIONS

TINY = "panderm/tiny"
DEPTH, WIDTH, HEADS, SIZE = 2, 32, 4, 64
SINES = (math.sin, math.cos)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """A PanDerm of two blocks beside the two that are published."""
    shape = {"depth": DEPTH, "embed_dim": WIDTH, "num_heads": HEADS}
    small = {**panderm.NETWORKS["panderm/base"], **shape}
    monkeypatch.setitem(panderm.NETWORKS, TINY, small)


def fresh(size=SIZE):
    """A network with weights of its own."""
    return build_network(Architecture(TINY, size), 3, seed=1)


def sizes_published(depth, width, tokens):
    """Name the weights of a published base file, each with its shape."""
    sizes = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, tokens, width),
        "patch_embed.proj.weight": (width, 3, 16, 16),
        "patch_embed.proj.bias": (width,),
        "norm.weight": (width,),
        "norm.bias": (width,),
    }
    norms = [f"norm{n}.{part}" for n in (1, 2) for part in ("weight", "bias")]
    vectors = ["gamma_1", "gamma_2", *norms, "attn.q_bias", "attn.v_bias"]
    inner = {
        **dict.fromkeys([*vectors, "attn.proj.bias", "mlp.fc2.bias"], (width,)),
        "attn.qkv.weight": (3 * width, width),
        "attn.proj.weight": (width, width),
        "mlp.fc1.weight": (4 * width, width),
        "mlp.fc1.bias": (4 * width,),
        "mlp.fc2.weight": (width, 4 * width),
    }
    for block in range(depth):
        sizes |= {f"blocks.{block}.{name}": shape for name, shape in inner.items()}
    return sizes


def draw_published():
    """Draw weights of the layout of the base file."""
    stream = torch.Generator().manual_seed(5)
    sizes = sizes_published(DEPTH, WIDTH, (SIZE // 16) ** 2 + 1)
    return {n: torch.randn(s, generator=stream) / 4 for n, s in sizes.items()}


def as_large(weights):
    """Lay weights out as the large file does, beside what its pretraining needed."""
    beside = {"mask_token": torch.ones(1, 1, 8), "teacher.norm.weight": torch.ones(8)}
    return {f"encoder.{name}": value for name, value in weights.items()} | beside


def attend(w, x):
    batch, tokens, width = x.shape
    bias = torch.cat([w("attn.q_bias"), torch.zeros(width), w("attn.v_bias")])
    parts = linear(x, w("attn.qkv.weight"), bias).split(width, dim=2)
    q, k, v = (p.view(batch, tokens, HEADS, -1).transpose(1, 2) for p in parts)
    weight = (q @ k.transpose(2, 3) / math.sqrt(width // HEADS)).softmax(dim=3)
    joined = (weight @ v).transpose(1, 2).reshape(batch, tokens, width)
    return linear(joined, w("attn.proj.weight"), w("attn.proj.bias"))


def compute_plainly(weights, pictures):
    """What the last layer is given, written without timm."""

    def norm(w, name, x):
        return layer_norm(x, (WIDTH,), w(f"{name}.weight"), w(f"{name}.bias"), 1e-6)

    patch = weights["patch_embed.proj.weight"], weights["patch_embed.proj.bias"]
    x = conv2d(pictures, *patch, stride=16).flatten(2).transpose(1, 2)
    x = torch.cat([weights["cls_token"].expand(len(x), -1, -1), x], dim=1)
    x = x + weights["pos_embed"]
    for block in range(DEPTH):

        def w(name, start=f"blocks.{block}."):
            return weights[start + name]

        x = x + w("gamma_1") * attend(w, norm(w, "norm1", x))
        inner = linear(norm(w, "norm2", x), w("mlp.fc1.weight"), w("mlp.fc1.bias"))
        outer = linear(gelu(inner), w("mlp.fc2.weight"), w("mlp.fc2.bias"))
        x = x + w("gamma_2") * outer
    return norm(weights.__getitem__, "norm", x)[:, 0]


@pytest.mark.parametrize(
    ("name", "depth", "width", "heads", "count"),
    [("panderm/base", 12, 768, 12, 186), ("panderm/large", 24, 1024, 16, 366)],
)
def test_the_networks_hold_what_the_files_hold(name, depth, width, heads, count):
    with torch.device("meta"):
        network = panderm.build_panderm(name, 3, seed=1, size=224)
    own = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    head = {name: own.pop(name) for name in ("head.weight", "head.bias")}
    assert own == sizes_published(depth, width, 197)
    assert len(own) == count
    assert head["head.weight"] == (3, width)
    assert {block.attn.num_heads for block in network.blocks} == {heads}


@pytest.mark.parametrize("layout", [dict, as_large])
def test_weights_land_where_they_should_and_give_what_they_gave(layout, tmp_path):
    weights, network = draw_published(), fresh()
    head = network.module.head.weight.clone()
    torch.save(layout(weights), tmp_path / "w.pth")
    load_initial_weights(network, tmp_path / "w.pth")
    own = network.module.state_dict()
    assert all(torch.equal(own[name], value) for name, value in weights.items())
    assert torch.equal(own["head.weight"], head)
    pictures = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(6))
    with torch.inference_mode():
        given = network.module.eval()(pictures)
        expected = linear(
            compute_plainly(weights, pictures), own["head.weight"], own["head.bias"]
        )
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-6)


def test_pictures_enter_as_its_authors_prepare_them():
    scale = fresh().scale
    assert (scale.mean, scale.std) == ((0.485, 0.456, 0.406), (0.228, 0.224, 0.225))


def test_positions_are_sines_and_fit_another_size():
    table = fresh().module.pos_embed[0]
    quarter = WIDTH // 4
    assert not table[0].any()
    for row, column in ((0, 0), (2, 1), (3, 3)):
        waves = [10000 ** (-i / quarter) for i in range(quarter)]
        parts = [[f(at * w) for w in waves] for at in (row, column) for f in SINES]
        expected = torch.tensor(np.concatenate(parts), dtype=torch.float32)
        torch.testing.assert_close(table[1 + 4 * row + column], expected)
    assert fresh(size=96).module.pos_embed.shape == (1, 37, WIDTH)


def test_weights_of_another_size_are_taken(tmp_path):
    torch.save(draw_published(), tmp_path / "w.pth")
    network = fresh(size=96)
    load_initial_weights(network, tmp_path / "w.pth")
    assert network.module.pos_embed.shape == (1, 37, WIDTH)


def unfitting():
    """Give files that are not PanDerm's, each with what is said of it."""
    own = draw_published()
    name = "blocks.0.attn.relative_position_bias_table"
    start = "not the weights of a panderm/tiny"
    yield {**own, name: torch.zeros(52, HEADS)}, rf"{start} \({name}\)$"
    yield {**own, "pos_embed": own["pos_embed"][:, :-1]}, start
    yield {n: v for n, v in own.items() if "q_bias" not in n}, rf"{start} \(blocks.0.a"
    yield {**own, "norm.bias": torch.zeros(5)}, rf"{start}: norm.bias is \(5,\), not"
    yield {**own, "blocks.2.gamma_1": torch.zeros(WIDTH)}, rf"{start} \(blocks.2.gam"
    yield {f"module.{n}": v for n, v in own.items()}, "saved from DataParallel"


@pytest.mark.parametrize("case", range(6))
def test_what_is_not_its_file_is_refused_in_one_line(case, tmp_path):
    state, why = list(unfitting())[case]
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(LabError, match=f"^{tmp_path / 'w.pth'}: {why}") as refused:
        load_initial_weights(fresh(), tmp_path / "w.pth")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("beside", [{}, {"args": argparse.Namespace(lr=0.1)}])
def test_the_command_that_a_refusal_names_makes_weights_of_a_checkpoint(
    beside, tmp_path
):
    path, new = tmp_path / "w.pth", tmp_path / "new.pth"
    torch.save({"model": as_large(draw_published()), "epoch": 499, **beside}, path)
    with pytest.raises(LabError, match="save what it holds as 'model' alone: ") as why:
        inspect_weights(path, ())
    command = str(why.value).split(' python -c "')[1].removesuffix('"')
    try:
        exec(command.replace("FILE", str(path)).replace("NEW.pth", str(new)))
    finally:
        torch.serialization.clear_safe_globals()
    load_initial_weights(fresh(), new)


def test_what_else_a_checkpoint_would_run_is_no_reason_for_a_command(tmp_path):
    beside = {"args": argparse.Namespace(lr=0.1), "root": tmp_path}
    torch.save({"model": draw_published(), **beside}, tmp_path / "w.pth")
    with pytest.raises(LabError, match=r"would run pathlib\S+; take weights that"):
        inspect_weights(tmp_path / "w.pth", ())


def test_imagenet_and_a_variant_are_refused_before_a_run():
    for weights, variant, why in (
        ("imagenet", None, "classification.weights: imagenet: none of panderm/base"),
        ("w.pth", "v1", "classification.weights_variant: v1: of resnet50 alone; set"),
    ):
        wanted = {"model": "panderm/base", "weights": weights}
        with pytest.raises(LabError, match=why):
            check_wanted(classification(**wanted, weights_variant=variant))
    check_wanted(classification(model="panderm/base", weights="w.pth"))


def changed_by_training(trainable, tmp_path, kills=0):
    """Train from a file; give what was learned and the names of what changed."""
    torch.save(draw_published(), tmp_path / "w.pth")
    train, valid = make_sets(SIZE)
    options = {**OPTIONS, "augmentation": STILL, "epochs": 2, "trainable": trainable}

    def learn(state):
        network = fresh()
        load_initial_weights(network, tmp_path / "w.pth")
        place_model(network.module, pick_device(1))
        learning, task = choose_learning(network, train, valid, options)
        before = {n: v.clone() for n, v in network.module.state_dict().items()}
        best, history, _ = fit(learning, task, plan_training(options), state=state)
        learning.load_state_dict(best)
        after = network.module.state_dict()
        changed = {n for n in before if not torch.equal(before[n], after[n])}
        return after, history, changed

    if kills:
        return train_with_kills(learn, tmp_path / "killed", kills, 0.0)
    with TrainingState(tmp_path / "whole", {}) as state:
        return learn(state)


def test_all_but_its_positions_learns_and_a_killed_training_ends_alike(tmp_path):
    weights, history, changed = changed_by_training("all", tmp_path)
    assert changed == weights.keys() - {"pos_embed"}
    again, repeated, _ = changed_by_training("all", tmp_path, kills=3)
    assert repeated == history
    assert all(torch.equal(again[name], value) for name, value in weights.items())


@pytest.mark.parametrize(
    ("trainable", "learning"),
    [("head", ("head.",)), (1, ("blocks.1.", "norm.", "head."))],
)
def test_only_its_last_parts_learn(trainable, learning, tmp_path):
    weights, _, changed = changed_by_training(trainable, tmp_path)
    assert changed == {name for name in weights if name.startswith(learning)}


def test_a_saved_one_comes_back(tmp_path):
    path, network = tmp_path / "m.safetensors", fresh()
    save_model(
        path,
        network.module.state_dict(),
        architecture=Architecture(TINY, SIZE),
        scale=network.scale,
        classes=["a", "b", "c"],
    )
    loaded, _ = load_model(path)
    picture = torch.rand(2, 3, SIZE, SIZE)
    with torch.inference_mode():
        expected = network.module.eval()(picture)
        assert torch.equal(loaded.module(picture), expected)
    assert loaded.scale == network.scale
    assert not loaded.module.pos_embed.requires_grad
