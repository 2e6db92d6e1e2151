"""The U-Net: a killed training continues to the same bits, and what the recipe says."""

import math
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from lesionlab.errors import LabError
from lesionlab.segmentation.backend import device_kind, start_backend
from lesionlab.state import TrainingState
from recipes import segmentation
from unit.mortal import train_with_kills
from unit.room import little_room

BACKEND = "LESIONLAB_TEST_BACKEND"


@pytest.fixture(scope="module")
def unet():
    start_backend(os.environ.get(BACKEND, "tensorflow"), threads=1)
    from lesionlab.segmentation import training, unet

    return training, unet


UNET = segmentation()


def make_pairs(training, rows):
    draw = np.random.default_rng(1)
    pixels = draw.integers(120, 256, (40, 32, 48, 3), np.uint8)
    masks = np.zeros((40, 32, 48), np.uint8)
    for mask, picture in zip(masks, pixels, strict=True):
        y, x = draw.integers(4, 16), draw.integers(4, 24)
        mask[y : y + 12, x : x + 16] = 255
        picture[mask > 0] //= 3
    return training.Pairs(pixels, masks, np.array(rows))


def fit_unet(training, state, **changes):
    return training.fit_unet(
        make_pairs(training, range(28)),
        make_pairs(training, range(28, 40)),
        options={**UNET, **changes},
        state=state,
    )


@pytest.fixture(scope="module")
def whole_unet(unet, tmp_path_factory):
    with TrainingState(tmp_path_factory.mktemp("state"), {}) as state:
        return fit_unet(unet[0], state)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_unet_has_the_references_parameters(unet, dropout):
    for height, width in ((32, 48), (448, 592)):
        model = unet[1].build_unet(height=height, width=width, dropout=dropout, seed=1)
        assert model.count_params() == 1_941_105
        assert model.output_shape == (None, height, width, 1)


def test_a_size_that_is_no_multiple_of_16_is_refused_by_the_config(repository):
    schema = (repository / "workflow" / "schemas" / "config.schema.yaml").read_text()
    assert schema.count("multipleOf: 16") == 2


# of an epoch: four after a step, two in the validation, one at its end
KILLS = {
    "epoch 1, step 3": 3,
    "epoch 1, validation": 3,
    "epoch 1, end": 3,
    "epoch 2, end of the phase": 7,
    "epoch 3, step 2": 2,
}


def test_a_killed_unet_ends_in_the_same_bits(unet, whole_unet, tmp_path):
    weights, history, kept = train_with_kills(
        lambda state: fit_unet(unet[0], state), tmp_path, KILLS.values(), 0.0
    )
    assert (history, kept) == whole_unet[1:]
    assert all(map(np.array_equal, weights, whole_unet[0]))


def test_the_history_has_both_phases_and_the_best_epoch_is_kept(unet, whole_unet):
    training, build = unet
    weights, history, kept = whole_unet
    assert [row["phase"] for row in history] == ["dropout"] * 2 + ["dropout_free"] * 2
    best = max(history, key=lambda row: row["val_jaccard"])
    assert kept == best["epoch"]
    model = build.build_unet(height=32, width=48, dropout=0.0, seed=0)
    model.set_weights(weights)
    scores = training.validate(model, make_pairs(training, range(28, 40)), options=UNET)
    assert scores["val_jaccard"] == pytest.approx(best["val_jaccard"], abs=1e-3)


def test_keep_last_keeps_the_last_epoch(unet, tmp_path):
    changes = {"keep": "last", "epochs": 2, "dropout_free_epochs": 0}
    with TrainingState(tmp_path / "a", {}) as state:
        last, history, kept = fit_unet(unet[0], state, **changes)
    assert len(history) == kept == 2
    with TrainingState(tmp_path / "b", {}) as state:
        first, _, _ = fit_unet(unet[0], state, **{**changes, "epochs": 1})
    assert not np.array_equal(first[0], last[0])


@pytest.mark.parametrize(
    ("key", "epoch", "loss"),
    [("learning_rate", 1, "bce"), ("dropout_free_learning_rate", 2, "bce_dice")],
)
def test_a_diverging_unet_names_epoch_batch_and_key(unet, tmp_path, key, epoch, loss):
    why = (
        rf"^epoch {epoch}, batch \d: the loss is not finite; lower segmentation\.{key}$"
    )
    changes = {"epochs": 1, "dropout_free_epochs": 1, "loss": loss, key: 1e30}
    with TrainingState(tmp_path, {}) as state, pytest.raises(LabError, match=why):
        fit_unet(unet[0], state, **changes)


def test_a_unet_that_diverges_in_its_last_step_is_found_by_validation(unet, tmp_path):
    # an overflow ends as this machine's kernels have it; what is no number stays none
    changes = {"batch_size": 28, "epochs": 1, "learning_rate": math.nan}
    why = r"^epoch 1: the validation loss is nan; lower segmentation\.learning_rate$"
    with TrainingState(tmp_path, {}) as state, pytest.raises(LabError, match=why):
        fit_unet(unet[0], state, **changes)


def start_step(training, **changes):
    from lesionlab.segmentation.phases import compile_unet, plan_phases

    options = {**UNET, **changes}
    pairs = make_pairs(training, range(8))
    x = pairs.pixels[:8] / np.float32(255)
    y = pairs.masks[:8, ..., None] / np.float32(255)
    return compile_unet(options, plan_phases(options)[0]), x, y


def test_a_step_says_nothing_and_its_sums_go_on_where_they_stood(unet):
    import keras

    from lesionlab.segmentation.snapshot import Progress

    model, x, y = start_step(unet[0], dropout=0.0)
    p = model.predict_on_batch(x)
    progress = Progress(epoch=2, step=5, loss=4.0, accuracy=3.0)
    model.tally.begin(progress)
    # what it said, Keras would read
    assert model.train_on_batch(x, y, return_dict=True) == {}
    model.tally.settle(progress, "x.rate")
    loss = -np.log(np.where(y > 0, p, 1 - p)).mean()
    assert progress.loss == pytest.approx(4 + 8 * loss, rel=1e-5)
    assert progress.accuracy == pytest.approx(3 + 8 * np.mean((p > 0.5) == (y > 0)))
    for value in (np.nan, 1.0):
        model.tally.update_state(keras.ops.convert_to_tensor(value), y, p)
    with pytest.raises(LabError, match="epoch 2, batch 7: the loss is not finite"):
        model.tally.settle(progress, "x.rate")


@pytest.fixture
def bfloat16():
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.usefixtures("bfloat16")
def test_a_step_in_bfloat16_leaves_weights_and_output_in_float32(unet):
    import keras

    from lesionlab.segmentation.snapshot import Progress

    model, x, y = start_step(unet[0])
    begin = model.get_weights()
    assert model.get_layer("down1_conv1").compute_dtype == "bfloat16"
    model.tally.begin(Progress())
    model.train_on_batch(x, y)
    model.tally.settle(Progress(), "x.rate")
    weights = model.get_weights()
    assert all(np.isfinite(value).all() for value in weights)
    assert all(value.dtype == np.float32 for value in weights)
    assert not any(map(np.array_equal, begin, weights))
    p = keras.ops.convert_to_numpy(model.predict_on_batch(x))
    assert p.dtype == np.float32
    keras.config.set_dtype_policy("float32")
    plain = unet[1].build_unet(height=32, width=48, dropout=0.0, seed=0)
    plain.set_weights(weights)
    q = keras.ops.convert_to_numpy(plain.predict_on_batch(x))
    assert 0 < np.abs(p - q).max() < 0.02


@pytest.mark.usefixtures("unet")
def test_a_gpu_gets_ordered_sums_and_bfloat16(monkeypatch):
    import keras
    import tensorflow as tf

    from lesionlab.segmentation import backend

    done, experimental = [], tf.config.experimental
    order = partial(done.append, "order")
    monkeypatch.setattr(experimental, "enable_op_determinism", order)
    monkeypatch.setattr(keras.config, "set_dtype_policy", done.append)
    backend.start_backend("tensorflow", threads=1)
    assert done == []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _: ["one"])
    backend.start_backend("tensorflow", threads=1)
    assert done == ["order", "mixed_bfloat16"]
    assert device_kind() == "tensorflow gpu"


# Keras warns of numpy
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_weights_of_a_unet_are_whole_or_refused_in_one_line(unet, tmp_path):
    from lesionlab.segmentation.prediction import load_weights, save_weights

    path = tmp_path / "unet.weights.h5"
    model = unet[1].build_unet(height=32, width=48, dropout=0.0, seed=0)
    with little_room(2**20), pytest.raises(OSError, match="File too large"):
        save_weights(model, path)
    assert not list(tmp_path.iterdir())
    save_weights(model, path)
    load_weights(model, path)
    content = path.read_bytes()
    for share in (0.0, 0.5, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(LabError, match=r"unet\.weights\.h5: damaged, or not the"):
            load_weights(model, path)


@pytest.mark.skipif(BACKEND in os.environ, reason="is run by itself")
def test_kerass_torch_backend_passes_the_tests_of_the_unet():
    chosen = (
        "parameters or killed_unet or epoch_is_kept or its_device or a_step "
        "or diverging_unet or that_diverges"
    )
    # Keras on torch warns of itself
    options = ["-q", "-W", "ignore::DeprecationWarning", "-k", chosen]
    command = [sys.executable, "-m", "pytest", *options, __file__]
    found = subprocess.run(
        command, env=os.environ | {BACKEND: "torch"}, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout
    assert "10 passed" in found.stdout


@pytest.mark.usefixtures("unet")
def test_the_backend_names_its_device():
    assert device_kind() == os.environ.get(BACKEND, "tensorflow") + " cpu"


def test_a_validation_loss_that_is_no_number_ends_a_unet(unet, tmp_path, monkeypatch):
    nowhere = {"val_loss": float("nan"), "val_accuracy": 0.0, "val_jaccard": 0.0}
    monkeypatch.setattr(unet[0], "validate", lambda *_, **__: nowhere)
    why = r"epoch 1: the validation loss is nan; lower .*learning_rate"
    with TrainingState(tmp_path, {}) as state, pytest.raises(LabError, match=why):
        fit_unet(unet[0], state)
