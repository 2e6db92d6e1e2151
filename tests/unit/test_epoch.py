"""An epoch of the classifier: its order, its rates, its sums."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lesionlab.errors import LabError
from lesionlab.training.device import pick_device
from lesionlab.training.epoch import (
    Tally,
    cut_batches,
    name_what_does_not_repeat,
)
from lesionlab.training.plan import Phase
from lesionlab.training.snapshot import Progress

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


def test_a_network_whose_sums_have_no_order_is_refused_in_one_line():
    """As smp/pspnet is on a GPU, for its adaptive_avg_pool2d_backward_cuda."""
    pick_device(1)
    numbers = torch.zeros(3)
    line = "smp/x: its put_ never gives the same sums twice on this device; choose"
    with pytest.raises(LabError, match=line), name_what_does_not_repeat("smp/x"):
        numbers.put_(torch.tensor([0]), torch.ones(1))
    with pytest.raises(RuntimeError), name_what_does_not_repeat("smp/x"):
        numbers @ torch.zeros(4)
