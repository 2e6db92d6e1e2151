"""One epoch of a classifier's training; no step waits for a result of the device."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from lesionlab.classification.device import fast_precision
from lesionlab.classification.snapshot import Progress
from lesionlab.classification.transforms import draw_augmentation, transform_train
from lesionlab.errors import LabError
from lesionlab.randomness import CLASSIFIER_ORDER, generator


@dataclass(frozen=True)
class Labelled:
    """Pictures with their classes, on the device that trains.

    Parameters
    ----------
    pixels : Tensor of uint8, shape (N, S, S, 3)
        RGB.
    labels : Tensor of int64, shape (N,)
        Class numbers.
    """

    pixels: torch.Tensor
    labels: torch.Tensor


def learning_rate(step: int, steps: int, options: Mapping[str, Any]) -> float:
    """Learning rate of a step, a pure function of its number.

    Parameters
    ----------
    step, steps : int
        Number of the step from 0, and of all steps.
    options : Mapping
        ``learning_rate`` and ``schedule``: ``constant``, or ``cosine``, which falls to
        0 over all steps (Loshchilov and Hutter, 2017, without restarts).

    Returns
    -------
    float
        Positive.
    """
    rate = float(options["learning_rate"])
    if options["schedule"] == "cosine":
        rate *= 0.5 * (1 + math.cos(math.pi * step / steps))
    return rate


def batches_of_epoch(
    count: int, *, batch_size: int, seed: int, fold: str, epoch: int
) -> list[np.ndarray]:
    """Rows of each step of an epoch, in an order drawn from its key alone.

    Parameters
    ----------
    count, batch_size : int
        Pictures in all and a step.
    seed, fold, epoch : int, str, int
        Of the training.

    Returns
    -------
    list of ndarray of int
        A last batch of one picture is left out: batch normalisation cannot train on it.
    """
    order = generator(CLASSIFIER_ORDER, seed, fold, epoch).permutation(count)
    batches = [order[i : i + batch_size] for i in range(0, count, batch_size)]
    return batches[:-1] if len(batches[-1]) == 1 else batches


class Tally:
    """The sums of an epoch, on the device until somebody needs them.

    Parameters
    ----------
    progress : Progress
        Where the epoch stands; its sums are brought up to date by :meth:`settle`.
    device : torch.device
        Of the training.
    """

    def __init__(self, progress: Progress, device: torch.device) -> None:
        self.progress = progress
        # loss, right decisions, and the steps up to which the loss was finite
        figures = [progress.loss, progress.right, progress.step]
        self.sums = torch.tensor(figures, dtype=torch.float64, device=device)

    def add(self, loss: torch.Tensor, right: torch.Tensor) -> None:
        """Count the mean loss and the right decisions of a batch."""
        self.sums[0] += loss.double() * len(right)
        self.sums[1] += right.sum()
        self.sums[2] += torch.isfinite(self.sums[0])

    def settle(self) -> None:
        """Read the sums into the progress; raise if a loss was not finite."""
        loss, right, finite = self.sums.tolist()
        if not math.isfinite(loss):
            raise LabError(
                f"epoch {self.progress.epoch}, batch {int(finite) + 1}: the loss is "
                "not finite; lower classification.learning_rate"
            )
        self.progress.loss, self.progress.right = loss, int(right)


def train_one_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Labelled,
    *,
    progress: Progress,
    options: Mapping[str, Any],
    checkpoint: Callable[[Callable[[], None]], None],
) -> None:
    """Train from the step where `progress` stands to the end of its epoch.

    A step waits for no result of the device: losses are summed there, and read when a
    snapshot is due and at the end.

    Parameters
    ----------
    model, optimizer : nn.Module, Optimizer
        Changed in place.
    data : Labelled
        The training set.
    progress : Progress
        Counted on in place: also the sums of loss and right decisions.
    options : Mapping
        The section ``classification`` of the config, with ``seed`` and ``fold``.
    checkpoint : Callable
        Called after each step with a function that brings `progress` up to date.

    Raises
    ------
    LabError
        If the loss is not finite.
    """
    epoch, device = progress.epoch, data.pixels.device
    key = {"seed": options["seed"], "fold": options["fold"], "epoch": epoch}
    batches = batches_of_epoch(
        len(data.labels), batch_size=options["batch_size"], **key
    )
    changes = options["augmentation"]
    table = draw_augmentation(np.arange(len(data.labels)), **key, options=changes)
    draws = torch.tensor(table, dtype=torch.float32, device=device)
    order = torch.as_tensor(np.concatenate(batches), device=device)
    total = options["epochs"] * len(batches)
    title = f"{options.get('arm', 'classifier')} epoch {epoch}/{options['epochs']}"
    tally = Tally(progress, device)
    model.train()
    steps = range(progress.step, len(batches))
    for step in tqdm(steps, title, unit="step", disable=None):
        count = len(batches[step])
        chosen = order[step * options["batch_size"] :][:count]
        inputs = transform_train(
            data.pixels[chosen], draws[chosen], crop=changes["crop"] > 0
        )
        labels = data.labels[chosen]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(
                (epoch - 1) * len(batches) + step, total, options
            )
        optimizer.zero_grad(set_to_none=True)
        with fast_precision(device):
            logits = model(inputs)
            loss = cross_entropy(logits, labels)
        torch.autograd.backward(loss)
        optimizer.step()
        tally.add(loss.detach(), logits.detach().argmax(1) == labels)
        progress.seen += count
        progress.step = step + 1
        checkpoint(tally.settle)
    tally.settle()
