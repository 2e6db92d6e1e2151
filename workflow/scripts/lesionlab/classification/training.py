"""Train a classifier: early stopping, resumable at any step."""

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lesionlab.classification.epoch import Labelled, train_one_epoch
from lesionlab.classification.prediction import predict_logits
from lesionlab.classification.snapshot import Progress, load_standing, save_standing
from lesionlab.errors import LabError
from lesionlab.state import TrainingState


def evaluate(
    model: nn.Module,
    data: Labelled,
    *,
    batch_size: int,
    between: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Mean cross-entropy and accuracy.

    Parameters
    ----------
    model : nn.Module
        To logits.
    data : Labelled
        Usually the validation set.
    batch_size : int
        Pictures a step.
    between : Callable
        Called after each batch.

    Returns
    -------
    dict
        ``val_loss`` and ``val_accuracy``.
    """
    logits = predict_logits(model, data.pixels, batch_size=batch_size, between=between)
    labels = data.labels.cpu()
    return {
        "val_loss": float(cross_entropy(logits, labels)),
        "val_accuracy": float((logits.argmax(1) == labels).double().mean()),
    }


def fit(
    model: nn.Module,
    train: Labelled,
    valid: Labelled,
    *,
    options: Mapping[str, Any],
    state: TrainingState,
) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]], int]:
    """Train until validation loss stops falling, or take up a training that was killed.

    Parameters
    ----------
    model : nn.Module
        With its initial weights, on the device of the data.
    train, valid : Labelled
        The sets.
    options : Mapping
        The section ``classification`` of the config, with ``seed`` and ``fold``.
    state : TrainingState
        Where snapshots go; entered.

    Returns
    -------
    weights : dict of Tensor
        State dict of the epoch of the lowest validation loss, on the CPU.
    history : list of dict
        ``epoch``, ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``.
    kept : int
        Number of the kept epoch.

    Raises
    ------
    LabError
        If the loss is not finite, or the process was asked to stop.
    """
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=options["learning_rate"],
        momentum=options["momentum"],
        weight_decay=options["weight_decay"],
    )
    standing = load_standing(state, model, optimizer)
    progress = standing.progress
    save = partial(save_standing, state, standing, model, optimizer)

    def checkpoint(settle: Callable[[], None] = lambda: None) -> None:
        def save_settled() -> None:
            settle()
            save()

        where = f"epoch {progress.epoch}, step {progress.step}"
        state.checkpoint(save_settled, where)

    while not progress.finished:
        train_one_epoch(
            model,
            optimizer,
            train,
            progress=progress,
            options=options,
            checkpoint=checkpoint,
        )
        scores = evaluate(
            model, valid, batch_size=options["batch_size"], between=checkpoint
        )
        row = _close_epoch(scores, progress)
        standing.history.append(row)
        if not standing.best or row["val_loss"] < progress.best_loss:
            progress.best_loss = row["val_loss"]
            progress.best_epoch = row["epoch"]
            state_dict = model.state_dict()
            standing.best = {k: v.detach().cpu().clone() for k, v in state_dict.items()}
        waited = row["epoch"] - progress.best_epoch
        progress.finished = (
            row["epoch"] == options["epochs"] or waited >= options["patience"]
        )
        if progress.finished:
            save()
        else:
            checkpoint()
    logging.info("kept epoch %d", progress.best_epoch)
    return standing.best, standing.history, progress.best_epoch


def _close_epoch(scores: Mapping[str, float], progress: Progress) -> dict[str, Any]:
    if not math.isfinite(scores["val_loss"]):
        raise LabError(
            f"epoch {progress.epoch}: the validation loss is {scores['val_loss']}; "
            "lower classification.learning_rate"
        )
    figures = {
        "loss": progress.loss / progress.seen,
        "accuracy": progress.right / progress.seen,
        **scores,
    }
    row = {"epoch": progress.epoch, **figures}
    progress.epoch += 1
    progress.step, progress.seen, progress.loss, progress.right = 0, 0, 0.0, 0
    text = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
    logging.info("epoch %d %s", row["epoch"], text)
    return row
