"""All that a U-Net training needs to go on: into a snapshot, and out of it."""

import logging
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np

from lesionlab.state import TrainingState

Arrays = list[np.ndarray]


@dataclass
class Progress:
    """The position of a training: what it counts and remembers between two steps."""

    epoch: int = 1
    step: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    best_epoch: int = 0
    best_jaccard: float = -1.0


@dataclass
class Standing:
    """Where a training stands.

    Parameters
    ----------
    progress : Progress
        Its position.
    history : list of dict
        One row a finished epoch.
    best : list of ndarray
        Weights of the epoch that would be kept now.
    last : list of ndarray
        Weights that a phase hands on to the next, which has a fresh optimizer; empty
        within a phase.
    model, optimizer : list of ndarray
        Variables as the last snapshot held them; empty in a new training and between
        two phases.
    """

    progress: Progress = field(default_factory=Progress)
    history: list[dict[str, Any]] = field(default_factory=list)
    best: Arrays = field(default_factory=list)
    last: Arrays = field(default_factory=list)
    model: Arrays = field(default_factory=list)
    optimizer: Arrays = field(default_factory=list)


GROUPS = ("best", "last", "model", "optimizer")


def load_standing(state: TrainingState) -> Standing:
    """Read the newest good snapshot, or begin.

    Parameters
    ----------
    state : TrainingState
        Entered.

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
    logging.info("continues at epoch %d, step %d", progress.epoch, progress.step)
    groups: dict[str, Arrays] = {
        name: [arrays[f"{name}.{index}"] for index in range(facts["counts"][name])]
        for name in GROUPS
    }
    return Standing(progress, facts["history"], **groups)


def save_standing(
    state: TrainingState, standing: Standing, model: keras.Model | None
) -> None:
    """Write a snapshot.

    Parameters
    ----------
    state : TrainingState
        Entered.
    standing : Standing
        Its `model` and `optimizer` are taken from the network anew.
    model : keras.Model or None
        The network in training; None between two phases.
    """
    if model is None:
        standing.model, standing.optimizer = [], []
    else:
        # `variables`, unlike `weights`, holds the state of every dropout's generator
        standing.model = [v.numpy() for v in model.variables]
        standing.optimizer = [v.numpy() for v in model.optimizer.variables]
    groups: dict[str, Arrays] = {name: getattr(standing, name) for name in GROUPS}
    arrays = {
        f"{name}.{index}": np.asarray(value)
        for name, values in groups.items()
        for index, value in enumerate(values)
    }
    facts = {
        "progress": asdict(standing.progress),
        "history": standing.history,
        "counts": {name: len(values) for name, values in groups.items()},
    }
    state.save(arrays, facts)


def take_up(model: keras.Model, standing: Standing) -> None:
    """Give a freshly compiled network the values at which the training stands.

    Parameters
    ----------
    model : keras.Model
        Its optimizer is built.
    standing : Standing
        From :func:`load_standing`.
    """
    if standing.model:
        variables = [*model.variables, *model.optimizer.variables]
        values = [*standing.model, *standing.optimizer]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    elif standing.last:
        model.set_weights(standing.last)
