"""An epoch of the classifier: its order, its rates, its sums."""

import numpy as np
import pytest
import torch

from lesionlab.classification.epoch import Tally, batches_of_epoch, learning_rate
from lesionlab.classification.snapshot import Progress
from lesionlab.errors import LabError

COSINE = {"learning_rate": 0.01, "schedule": "cosine"}


def test_the_first_batch_without_a_finite_loss_is_named():
    progress = Progress(epoch=2, step=5, loss=4.0, right=3)
    tally = Tally(progress, torch.device("cpu"))
    right = torch.tensor([True, False])
    tally.add(torch.tensor(0.5), right)
    tally.settle()
    assert (progress.loss, progress.right) == (5.0, 4)
    for loss in (float("inf"), 1.0):
        tally.add(torch.tensor(loss), right)
    with pytest.raises(LabError, match="epoch 2, batch 7: the loss is not finite"):
        tally.settle()


def test_the_cosine_schedule_falls_from_the_rate_to_zero():
    rates = [learning_rate(n, 100, COSINE) for n in range(101)]
    assert rates[0] == 0.01
    assert rates[50] == pytest.approx(0.005)
    assert rates[100] == pytest.approx(0)
    assert rates == sorted(rates, reverse=True)
    constant = {**COSINE, "schedule": "constant"}
    assert {learning_rate(n, 100, constant) for n in range(101)} == {0.01}


def test_every_photograph_is_seen_once_an_epoch_but_no_batch_has_one():
    batches = batches_of_epoch(20, batch_size=6, seed=1, fold="fold0", epoch=1)
    assert sorted(np.concatenate(batches)) == list(range(20))
    batches = batches_of_epoch(19, batch_size=6, seed=1, fold="fold0", epoch=1)
    assert [len(batch) for batch in batches] == [6, 6, 6]
