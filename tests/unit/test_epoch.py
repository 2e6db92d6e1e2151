"""An epoch of the classifier: its order, its rates, its sums, its program."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from lesionlab.classification.task import Classification, Labelled, plan_training
from lesionlab.errors import LabError
from lesionlab.state import TrainingState
from lesionlab.training.device import pick_device, place_pictures
from lesionlab.training.epoch import (
    Tally,
    cut_batches,
    explain_refusal,
)
from lesionlab.training.loop import fit
from lesionlab.training.plan import Phase
from lesionlab.training.snapshot import Progress
from recipes import classification
from unit.mortal import train_with_kills

COSINE = Phase(1, 4, 0.01, "x.learning_rate", "cosine")


def test_the_first_batch_without_a_finite_loss_is_named():
    progress = Progress(epoch=2, step=5, loss=4.0, right=3)
    tally = Tally(progress, COSINE, torch.device("cpu"))
    right = torch.tensor([True, False])
    tally.add(torch.tensor(0.5), right)
    tally.settle()
    assert (progress.loss, progress.right) == (5.0, 4)
    for loss in (float("inf"), 1.0):
        tally.add(torch.tensor(loss), right)
    with pytest.raises(LabError, match="epoch 2, batch 7: the loss is not finite"):
        tally.settle()


def test_the_cosine_schedule_falls_from_the_rate_to_zero():
    rates = [COSINE.rate_of(n, 25) for n in range(101)]
    assert rates[0] == 0.01
    assert rates[50] == pytest.approx(0.005)
    assert rates[100] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)
    constant = replace(COSINE, schedule="constant")
    assert {constant.rate_of(n, 25) for n in range(101)} == {0.01}


def test_a_rate_that_warms_up_meets_its_schedule():
    warm = replace(COSINE, warmup=0.5)
    rates = [warm.rate_of(n, 24) for n in range(96)]
    assert rates[0] == pytest.approx(0.01 / 12)
    assert rates[12:] == [COSINE.rate_of(n, 24) for n in range(12, 96)]


def test_every_photograph_is_seen_once_an_epoch_but_no_batch_has_one():
    order = np.random.default_rng(1).permutation(20)
    assert np.concatenate(cut_batches(order, 6)).tolist() == order.tolist()
    assert [len(batch) for batch in cut_batches(order[:19], 6)] == [6, 6, 6]
    assert [len(batch) for batch in cut_batches(order[:3], 1)] == [1, 1, 1]
    assert [len(batch) for batch in cut_batches(order[:1], 6)] == [1]


def test_a_network_whose_sums_have_no_order_is_refused_in_one_line():
    """As smp/pspnet is on a GPU, for its adaptive_avg_pool2d_backward_cuda."""
    pick_device(1)
    numbers = torch.zeros(3)
    line = "smp/x: its put_ never gives the same sums twice on this device; choose"
    with pytest.raises(LabError, match=line), explain_refusal("smp/x"):
        numbers.put_(torch.tensor([0]), torch.ones(1))
    with pytest.raises(RuntimeError), explain_refusal("smp/x"):
        numbers @ torch.zeros(4)


SMALL = {
    "batch_size": 3,
    "epochs": 2,
    "optimizer": "adamw",
    "weight_decay": 0.1,
    "classes": ["MEL", "NV"],
    "compile": True,
    "augmentation": {"crop": 0.0},
}


def fit_small(state, **changes):
    draw = np.random.default_rng(1)
    pixels = torch.from_numpy(draw.integers(0, 256, (11, 8, 8, 3), np.uint8))
    labels = torch.from_numpy(draw.integers(0, 2, 11))
    train, valid = Labelled(pixels[:8], labels[:8]), Labelled(pixels[8:], labels[8:])
    pick_device(1)
    torch.manual_seed(1)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 2)
    )
    options = classification(**{**SMALL, **changes})
    task = Classification(train, valid, options)
    return fit(network, task, plan_training(options), state=state)[:2]


# torch itself still imports what it deprecates
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs g++")
def test_a_killed_training_by_torch_compile_ends_in_the_same_bits(tmp_path):
    """Its last batch is smaller, and is the first after some kills."""
    with TrainingState(tmp_path / "whole", {}) as state:
        weights, history = fit_small(state)
    again, repeated = train_with_kills(fit_small, tmp_path / "killed", 2, 0.0)
    assert repeated == history
    assert all(torch.equal(again[name], value) for name, value in weights.items())
    with TrainingState(tmp_path / "plain", {}) as state:
        plain, _ = fit_small(state, compile=False)
    for name, value in weights.items():
        torch.testing.assert_close(plain[name], value)


def test_adamw_decays_weights_apart_from_their_gradients(tmp_path):
    runs = {"sgd": {"optimizer": "sgd"}, "adamw": {}, "free": {"weight_decay": 0.0}}
    weights = {}
    for name, changes in runs.items():
        with TrainingState(tmp_path / name, {}) as state:
            weights[name], _ = fit_small(state, compile=False, epochs=1, **changes)
    norms = {name: float(value["2.weight"].norm()) for name, value in weights.items()}
    assert norms["adamw"] < norms["free"]
    assert norms["sgd"] != norms["adamw"]


def test_pictures_that_do_not_fit_a_gpu_are_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (3_000_000, 80 * 10**9))
    pictures = np.zeros((100, 224, 224, 3), np.uint8)
    line = r"^100 pictures of 0\.0 GB do not fit .* whose 80\.0 GB .*lower some\.key"
    with pytest.raises(LabError, match=line):
        place_pictures([pictures], torch.device("cuda"), key="some.key")
    (there,) = place_pictures([pictures], torch.device("cpu"), key="some.key")
    assert there.shape == pictures.shape
