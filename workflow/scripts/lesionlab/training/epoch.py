"""One epoch of a training on torch; no step waits for a result of the device."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from lesionlab.errors import LabError, first_line
from lesionlab.training.device import fast_precision
from lesionlab.training.plan import Phase, Task
from lesionlab.training.snapshot import Progress


def cut_batches(order: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Cut the order of an epoch into batches.

    Parameters
    ----------
    order : ndarray of int, shape (n,)
        Rows of the training set.
    batch_size : int
        Pictures a step.

    Returns
    -------
    list of ndarray of int
        A last batch of one picture is left out, for batch normalisation may not train
        on it, unless every batch has one.
    """
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    lonely = len(batches[-1]) == 1 < min(batch_size, len(order))
    return batches[:-1] if lonely else batches


@contextmanager
def explain_refusal(title: str) -> Iterator[None]:
    """Turn torch's refusal of a network into one line.

    Parameters
    ----------
    title : str
        Of the training.

    Raises
    ------
    LabError
        If it needs an operation whose sums have no order, as some do on a GPU, or
        cannot be compiled.
    """
    try:
        yield
    except RuntimeError as why:
        if type(why).__name__ == "InductorError":
            raise LabError(
                f"{title}: torch.compile fails ({first_line(why)}); install "
                "g++, or set compile to false"
            ) from why
        operation, found, _ = str(why).partition(" does not have a deterministic")
        if not found:
            raise
        raise LabError(
            f"{title}: its {operation} never gives the same sums twice on this "
            "device; choose another network, or train this one on a CPU"
        ) from why


class Tally:
    """The sums of an epoch, on the device until somebody needs them.

    Parameters
    ----------
    progress : Progress
        Where the epoch stands; its sums are brought up to date by :meth:`settle`.
    phase : Phase
        Whose learning rate is to blame for a loss that is not finite.
    device : torch.device
        Of the training.
    """

    def __init__(self, progress: Progress, phase: Phase, device: torch.device) -> None:
        self.progress, self.phase = progress, phase
        # loss, right decisions, and the steps up to which the loss was finite
        figures = [progress.loss, progress.right, progress.step]
        self.sums = torch.tensor(figures, dtype=torch.float64, device=device)

    def add(self, loss: torch.Tensor, right: torch.Tensor) -> None:
        """Count the mean loss and what is right of a batch."""
        self.sums[0] += loss.double() * len(right)
        self.sums[1] += right.sum()
        self.sums[2] += torch.isfinite(self.sums[0])

    def settle(self) -> None:
        """Read the sums into the progress; raise if a loss was not finite."""
        loss, right, finite = self.sums.tolist()
        if not math.isfinite(loss):
            raise LabError(
                f"epoch {self.progress.epoch}, batch {int(finite) + 1}: the loss is "
                f"not finite; lower {self.phase.key}"
            )
        self.progress.loss, self.progress.right = loss, right


def train_one_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    task: Task,
    *,
    batch_size: int,
    phase: Phase,
    progress: Progress,
    after: Callable[[], None] = lambda: None,
    checkpoint: Callable[[Callable[[], None]], None] = lambda _: None,
) -> None:
    """Train from the step where `progress` stands to the end of its epoch.

    A step waits for no result of the device: losses are summed there, and read when a
    snapshot is due and at the end.

    Parameters
    ----------
    model, optimizer : nn.Module, Optimizer
        Changed in place.
    task : Task
        What is learned.
    batch_size : int
        Pictures a step.
    phase : Phase
        Gives the learning rate.
    progress : Progress
        Counted on in place: also the sums of loss and what is right.
    after : Callable
        Called after each update of the weights.
    checkpoint : Callable
        Called after each step with a function that brings `progress` up to date.

    Raises
    ------
    LabError
        If the loss is not finite.
    """
    epoch, device = progress.epoch, task.device
    batches = cut_batches(task.order(epoch), batch_size)
    order = torch.as_tensor(np.concatenate(batches), device=device)
    show = task.show(epoch)
    tally = Tally(progress, phase, device)
    past = (epoch - phase.first) * len(batches)
    model.train()
    steps = range(progress.step, len(batches))
    for step in tqdm(steps, f"{task.title} epoch {epoch}", unit="step", disable=None):
        count = len(batches[step])
        for group in optimizer.param_groups:
            group["lr"] = phase.rate_of(past + step, len(batches))
        # what a network draws, as for dropout, hangs on the step alone
        torch.manual_seed(task.stream(epoch, step))
        inputs, targets = show(order[step * batch_size :][:count])
        loss, right = _learn(model, optimizer, task, inputs, targets)
        after()
        tally.add(loss, right)
        progress.seen += count
        progress.step = step + 1
        checkpoint(tally.settle)
    tally.settle()


def _learn(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    task: Task,
    inputs: torch.Tensor,
    targets: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Update the weights by a batch; give its mean loss and what was right of it."""
    optimizer.zero_grad(set_to_none=True)
    with explain_refusal(task.title):
        with fast_precision(task.device):
            outputs = model(inputs)
            loss = task.loss(outputs, targets)
        torch.autograd.backward(loss)
    optimizer.step()
    return loss.detach(), task.right(outputs.detach(), targets)
