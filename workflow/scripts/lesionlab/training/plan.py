"""What a training does, whatever it learns: its task, its phases and its rates."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import nn

Shown = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


class Task(Protocol):
    """What a network learns: the pictures, the loss, and what makes an epoch good."""

    @property
    def title(self) -> str:
        """Name of the training, for its progress bar."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    def order(self, epoch: int) -> np.ndarray:
        """Rows of the training set in the order of an epoch, int (n,)."""

    def show(self, epoch: int) -> Shown:
        """Give a function of rows on the device: inputs and targets of a batch."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss of a batch, a scalar."""

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Say what share of each picture is right, (B,)."""

    def validate(
        self, model: nn.Module, between: Callable[[], None]
    ) -> dict[str, float]:
        """Score the validation set, ``val_loss`` among others.

        `between` is called after each batch.
        """

    def merit(self, scores: dict[str, float]) -> float:
        """Say how good an epoch is by its scores: the highest is kept."""

    def stream(self, epoch: int, step: int) -> int:
        """Seed of what the network itself draws in a step."""


@dataclass(frozen=True)
class Phase:
    """Epochs with one learning rate and one optimizer.

    Parameters
    ----------
    first, last : int
        Epochs, counted from 1 through all phases.
    rate : float
        Learning rate.
    key : str
        Key of the config that holds it.
    schedule : str
        ``constant``, or ``cosine``, which falls to 0 over all steps (Loshchilov and
        Hutter, 2017, without restarts).
    warmup : float
        Epochs over which the rate rises from 0 (Goyal et al., 2017).
    name : str
        For the history; empty where there is but one.
    """

    first: int
    last: int
    rate: float
    key: str
    schedule: str = "constant"
    warmup: float = 0.0
    name: str = ""

    def rate_of(self, step: int, steps: int) -> float:
        """Learning rate of a step, a pure function of its number.

        Parameters
        ----------
        step : int
            From 0 at the begin of the phase.
        steps : int
            Of an epoch.

        Returns
        -------
        float
            Positive.
        """
        rate = self.rate
        total = (self.last - self.first + 1) * steps
        if self.schedule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * step / total))
        rising = self.warmup * steps
        return rate * min(1.0, (step + 1) / rising) if rising else rate


@dataclass(frozen=True)
class Plan:
    """How a training goes.

    Parameters
    ----------
    phases : sequence of Phase
        One after the other, each with a fresh optimizer.
    optimizer : Callable
        Makes one for a network; its rate is set at every step.
    batch_size : int
        Pictures a step.
    patience : float
        Epochs without a better one before the training stops.
    keep_last : bool
        Keep the last epoch, not the best.
    ema : float
        Weight of the past in the exponential moving average of the weights that is
        scored and kept (Polyak and Juditsky, 1992); 0: the weights themselves.
    compiled : bool
        Train by ``torch.compile``, a program for each size of a batch.
    """

    phases: Sequence[Phase]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    batch_size: int
    patience: float = math.inf
    keep_last: bool = False
    ema: float = 0.0
    compiled: bool = False
