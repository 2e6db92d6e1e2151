"""All that a training on torch needs to go on: into a snapshot, and out of it."""

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
    right: float = 0.0
    best_merit: float = -math.inf
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
        State dict of the best epoch so far, on the CPU.
    optimizer : dict of Tensor
        State of the optimizer as the snapshot held it, by parameter and kind.
    """

    progress: Progress = field(default_factory=Progress)
    history: list[dict[str, Any]] = field(default_factory=list)
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    optimizer: dict[str, torch.Tensor] = field(default_factory=dict)


def load_standing(
    state: TrainingState, model: nn.Module, average: nn.Module | None
) -> Standing:
    """Read the newest good snapshot into the network and its average, or begin.

    Parameters
    ----------
    state : TrainingState
        Entered.
    model : nn.Module
        Changed in place.
    average : nn.Module or None
        The moving average of its weights, where there is one; changed in place.

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
    if average is not None:
        average.load_state_dict(_take(arrays, "average."))
    logging.info("continues at epoch %d, step %d", progress.epoch, progress.step)
    best, optimizer = _take(arrays, "best."), _take(arrays, "optimizer.")
    return Standing(progress, facts["history"], best, optimizer)


def save_standing(
    state: TrainingState,
    standing: Standing,
    model: nn.Module,
    average: nn.Module | None,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Write a snapshot.

    Parameters
    ----------
    state : TrainingState
        Entered.
    standing : Standing
        Position, history and best weights.
    model, average, optimizer : nn.Module, nn.Module or None, Optimizer
        Their weights, statistics and moments.
    """
    arrays = {
        **_give(model.state_dict(), "model."),
        **_give(standing.best, "best."),
        **_give(_moments(model, optimizer), "optimizer."),
    }
    if average is not None:
        arrays |= _give(average.state_dict(), "average.")
    facts = {"progress": asdict(standing.progress), "history": standing.history}
    state.save(arrays, facts)


def restore_optimizer(
    model: nn.Module, optimizer: torch.optim.Optimizer, standing: Standing
) -> None:
    """Give a fresh optimizer the moments at which the training stands.

    Parameters
    ----------
    model, optimizer : nn.Module, Optimizer
        The latter is changed in place.
    standing : Standing
        From :func:`load_standing`.
    """
    for name, parameter in model.named_parameters():
        for key, value in _take(standing.optimizer, f"{name}:").items():
            if value.shape == parameter.shape:
                # as torch would have made it: with the layout of its parameter
                value = torch.empty_like(parameter).copy_(value)
            optimizer.state[parameter][key] = value


def _give(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, np.ndarray]:
    return {prefix + name: value.cpu().numpy() for name, value in tensors.items()}


def _take(
    arrays: Mapping[str, np.ndarray] | Mapping[str, torch.Tensor], prefix: str
) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(value.copy())
        if isinstance(value, np.ndarray)
        else value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }


def _moments(
    model: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, torch.Tensor]:
    """All tensors of an optimizer: momentum of SGD, both moments and steps of Adam."""
    return {
        f"{name}:{key}": value
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, torch.Tensor)
    }
