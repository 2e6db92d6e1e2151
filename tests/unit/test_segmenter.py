"""The segmenter on torch: resumed to the same bits, with and without dropout."""

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import timm
import torch
from timm.layers import DropPath

from lesionlab.errors import LabError
from lesionlab.segmenter.encoder import load_encoder
from lesionlab.segmenter.network import (
    build_segmenter,
    has_dropout,
    load_segmenter,
    save_segmenter,
    set_dropout,
)
from lesionlab.segmenter.prediction import predict_logits
from lesionlab.segmenter.task import (
    Masked,
    Segmentation,
    plan_training,
    segmentation_loss,
)
from lesionlab.state import TrainingState
from lesionlab.training.device import pick_device, place_model
from lesionlab.training.loop import fit
from lesionlab.training.pictures import IMAGENET, Scale
from recipes import segmentation
from unit.mortal import train_with_kills

OPTIONS = segmentation(
    model="smp/fpn",  # the lightest with dropout
    encoder="resnet18",
    loss="bce_dice",
)


HALVES = Scale((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def make_masked(rows):
    draw = np.random.default_rng(1)
    pixels = draw.integers(120, 256, (36, 32, 64, 3), np.uint8)
    masks = np.zeros((36, 32, 64), bool)
    for mask, picture in zip(masks, pixels, strict=True):
        y, x = draw.integers(4, 16), draw.integers(4, 40)
        mask[y : y + 12, x : x + 16] = True
        picture[mask] //= 3
    return Masked(torch.from_numpy(pixels[rows]), torch.from_numpy(masks[rows]))


def fit_segmenter(state, **changes):
    options = {**OPTIONS, **changes}
    network = build_segmenter(options["model"], options["encoder"], seed=1)
    network = place_model(network, pick_device(1))
    task = Segmentation(make_masked(slice(0, 26)), make_masked(slice(26, 36)), options)

    def enter(model, phase):
        set_dropout(model, options["dropout"] * (phase.name == "dropout"))

    plan = plan_training(options, dropout=has_dropout(network))
    return fit(network, task, plan, state=state, enter=enter)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with TrainingState(tmp_path_factory.mktemp("state"), {}) as state:
        return fit_segmenter(state)


def test_a_killed_segmenter_ends_in_the_same_bits(whole, tmp_path):
    weights, history, kept = train_with_kills(fit_segmenter, tmp_path, 3, 0.0)
    assert (history, kept) == whole[1:]
    assert all(torch.equal(weights[name], value) for name, value in whole[0].items())


def test_it_learns_and_the_best_epoch_is_kept(whole, tmp_path):
    weights, history, kept = whole
    assert [row["phase"] for row in history] == ["dropout"] * 2 + ["dropout_free"] * 2
    assert history[-1]["loss"] < history[0]["loss"]
    best = max(history, key=lambda row: row["val_jaccard"])
    assert kept == best["epoch"]
    path = tmp_path / "segmenter.safetensors"
    built = {"model": "smp/fpn", "encoder": "resnet18"}
    save_segmenter(path, weights, **built, scale=HALVES)
    task = Segmentation(make_masked([0]), make_masked(slice(26, 36)), OPTIONS)
    loaded, scale = load_segmenter(path)
    assert scale == HALVES
    scores = task.validate(loaded, lambda: None)
    assert scores["val_jaccard"] == pytest.approx(best["val_jaccard"])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LabError, match=r"segmenter\.safetensors: damaged; delete"):
        load_segmenter(path)


def test_dropout_is_of_the_step_and_not_of_what_was_drawn_before(tmp_path):
    torch.manual_seed(1)
    with TrainingState(tmp_path / "a", {}) as state:
        first = fit_segmenter(state, epochs=1, dropout_free_epochs=0)
    torch.manual_seed(2)
    with TrainingState(tmp_path / "b", {}) as state:
        second = fit_segmenter(state, epochs=1, dropout_free_epochs=0)
    assert first[1] == second[1]
    with TrainingState(tmp_path / "c", {}) as state:
        other = fit_segmenter(state, epochs=1, dropout_free_epochs=0, dropout=0.0)
    assert first[1] != other[1]


def test_a_network_without_dropout_has_no_epochs_of_dropout():
    network = build_segmenter("smp/unet", "resnet18", seed=1)
    assert not has_dropout(network)
    plan = plan_training(OPTIONS, dropout=False)
    assert [phase.name for phase in plan.phases] == ["whole", "dropout_free"]


@pytest.mark.parametrize(
    ("model", "encoder", "why"),
    [
        ("smp/wnet", "resnet18", "segmentation.model: smp/wnet with .*: .*wnet"),
        ("smp/unet", "resnet17", "segmentation.encoder: resnet17: .*resnet17"),
        ("smp/fpn", "resnet18", "height, width: 80, 112: smp/fpn with resnet18 takes"),
    ],
)
def test_what_the_package_does_not_have_is_named(model, encoder, why):
    with pytest.raises(LabError, match=why) as line:
        build_segmenter(model, encoder, seed=1, size=(80, 112))
    assert "\n" not in str(line.value)


def rates(network):
    """Of all dropout and of stochastic depth, that is there."""
    parts = list(network.modules())
    return (
        {part.p for part in parts if isinstance(part, torch.nn.Dropout)},
        {part.drop_prob for part in parts if isinstance(part, DropPath)},
    )


def test_dropout_is_set_where_a_network_has_some_and_stochastic_depth_is_free_too():
    network = build_segmenter("smp/unet", "mit_b0", seed=1)
    assert has_dropout(network)
    before = rates(network)
    set_dropout(network, 0.3)
    assert rates(network) == before == ({0.0}, before[1])
    set_dropout(network, 0.0)
    assert rates(network) == ({0.0}, {0.0})


def test_a_perfect_mask_has_no_loss_and_dice_adds_to_it():
    truth = torch.zeros(2, 1, 8, 8)
    truth[:, :, 2:5] = 1
    logits = 40 * truth - 20
    for name in ("bce", "bce_dice"):
        assert float(segmentation_loss(logits, truth, name)) == pytest.approx(
            0, abs=1e-6
        )
    # nothing is told: p = 1/2 everywhere; Dice is 2 * 12 / (32 + 24)
    none = torch.zeros_like(truth)
    dice = segmentation_loss(none, truth, "bce_dice")
    expected = np.log(2) + 1 - 24 / 56
    assert float(dice) == pytest.approx(expected)


def test_logits_are_of_each_photograph_alone():
    network = build_segmenter("smp/unet", "resnet18", seed=1)
    pixels = make_masked(slice(0, 5)).pixels
    one = predict_logits(network, pixels, batch_size=1)
    assert one.shape == (5, 32, 64)
    assert torch.allclose(one, predict_logits(network, pixels, batch_size=4), atol=1e-4)


@pytest.mark.parametrize("encoder", ["resnet18", "tu-tf_efficientnet_lite0"])
def test_an_encoder_takes_the_weights_of_its_publisher(encoder, tmp_path):
    """With a head that is left out, in the scale that the file names or timm knows."""
    name = encoder.removeprefix("tu-")
    theirs = timm.create_model(name, pretrained=False).state_dict()
    path = tmp_path / "w.pth"
    torch.save(theirs, path)
    network = build_segmenter("smp/unet", encoder, seed=1)
    scale = load_encoder(network, encoder, path)
    stem = "conv_stem.weight" if "lite0" in name else "conv1.weight"
    own = network.encoder.state_dict()
    found = next(value for key, value in own.items() if key.endswith(stem))
    assert torch.equal(found, theirs[stem])
    assert scale == (HALVES if "lite0" in name else IMAGENET)
    path.with_suffix(".json").write_text('{"mean": [0.1, 0.2, 0.3], "std": [1, 1, 1]}')
    assert load_encoder(network, encoder, path).mean == (0.1, 0.2, 0.3)


@pytest.mark.parametrize("encoder", ["resnet18", "tu-tf_efficientnet_lite0"])
def test_weights_of_another_encoder_are_refused_in_one_line(encoder, tmp_path):
    network = build_segmenter("smp/unet", encoder, seed=1)
    path = tmp_path / "w.pth"
    other = timm.create_model("mobilenetv3_small_050", pretrained=False).state_dict()
    own = timm.create_model(encoder.removeprefix("tu-"), pretrained=False).state_dict()
    half = dict(list(own.items())[: len(own) // 2])
    behind = {f"encoder.{name}": value for name, value in own.items()}
    for state in (other, half, behind, {"a": torch.ones(2)}):
        torch.save(state, path)
        with pytest.raises(LabError, match=f"^{path}: .*{encoder}") as why:
            load_encoder(network, encoder, path)
        assert "\n" not in str(why.value)


def test_an_encoder_with_weights_that_are_no_numbers_is_refused(tmp_path):
    state = timm.create_model("resnet18", pretrained=False).state_dict()
    state["bn1.weight"][0] = float("nan")
    path = tmp_path / "w.pth"
    torch.save(state, path)
    network = build_segmenter("smp/unet", "resnet18", seed=1)
    with pytest.raises(LabError, match=r"bn1\.weight holds a value that is no number"):
        load_encoder(network, "resnet18", path)


def test_a_size_is_refused_in_one_line_where_the_network_says_nothing(monkeypatch):
    class Mute(torch.nn.Module):
        def forward(self, _):
            raise AssertionError

    monkeypatch.setattr(smp, "create_model", lambda *_, **__: Mute())
    line = r"height, width: 80, 112: smp/dpt with x takes .* \(AssertionError\)$"
    with pytest.raises(LabError, match=line):
        build_segmenter("smp/dpt", "x", seed=1, size=(80, 112))
