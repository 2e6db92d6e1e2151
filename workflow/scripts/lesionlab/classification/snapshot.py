"""All that a classifier's training needs to go on: into a snapshot, and out of it."""

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from lesionlab.state import TrainingState


@dataclass
class Progress:
    """The position of a training: what it counts and remembers between two steps."""

    epoch: int = 1
    step: int = 0
    seen: int = 0
    loss: float = 0.0
    right: int = 0
    best_loss: float = math.inf
    best_epoch: int = 0
    finished: bool = False


@dataclass
class Standing:
    """Where a training stands, beside its network and optimizer.

    Parameters
    ----------
    progress : Progress
        Its position.
    history : list of dict
        One row a finished epoch.
    best : dict of Tensor
        State dict of the epoch of the lowest validation loss so far, on the CPU.
    """

    progress: Progress = field(default_factory=Progress)
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)


def load_standing(
    state: TrainingState, model: nn.Module, optimizer: torch.optim.Optimizer
) -> Standing:
    """Read the newest good snapshot into network and optimizer, or begin.

    Parameters
    ----------
    state : TrainingState
        Entered.
    model, optimizer : nn.Module, Optimizer
        Changed in place.

    Returns
    -------
    Standing
        At epoch 1, step 0 where there is no snapshot.
    """
    found = state.load()
    if found is None:
        return Standing()
    arrays, facts = found
    progress = Progress(**facts["progress"])
    model.load_state_dict(_take(arrays, "model."))
    _restore_momentum(model, optimizer, _take(arrays, "momentum."))
    logging.info("continues at epoch %d, step %d", progress.epoch, progress.step)
    return Standing(progress, facts["history"], _take(arrays, "best."))


def save_standing(
    state: TrainingState,
    standing: Standing,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Write a snapshot.

    Parameters
    ----------
    state : TrainingState
        Entered.
    standing : Standing
        Position, history and best weights.
    model, optimizer : nn.Module, Optimizer
        Their weights, statistics and momentum.
    """
    arrays = {
        **_give(model.state_dict(), "model."),
        **_give(standing.best, "best."),
        **_give(_momentum(model, optimizer), "momentum."),
    }
    facts = {"progress": asdict(standing.progress), "history": standing.history}
    state.save(arrays, facts)


def _give(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, np.ndarray]:
    return {prefix + name: value.cpu().numpy() for name, value in tensors.items()}


def _take(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(value.copy())
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def _momentum(
    model: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, torch.Tensor]:
    buffers = {}
    for name, parameter in model.named_parameters():
        value = optimizer.state[parameter].get("momentum_buffer")
        if value is not None:
            buffers[name] = value
    return buffers


def _restore_momentum(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    buffers: Mapping[str, torch.Tensor],
) -> None:
    for name, parameter in model.named_parameters():
        if name in buffers:
            value = buffers[name].to(parameter.device)
            # as torch would have made it: with the layout of its parameter
            laid_out = torch.empty_like(parameter).copy_(value)
            optimizer.state[parameter]["momentum_buffer"] = laid_out
