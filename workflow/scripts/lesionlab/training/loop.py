"""Train a network on torch: phases, early stopping, resumable at any step."""

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lesionlab.errors import LabError
from lesionlab.state import TrainingState
from lesionlab.training.epoch import train_one_epoch
from lesionlab.training.plan import Phase, Plan, Task
from lesionlab.training.snapshot import (
    Progress,
    Standing,
    load_standing,
    restore_optimizer,
    save_standing,
)


def fit(
    model: nn.Module,
    task: Task,
    plan: Plan,
    *,
    state: TrainingState,
    enter: Callable[[nn.Module, Phase], None] = lambda *_: None,
) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]], int]:
    """Train to the end of the plan, or take up a training that was killed.

    Parameters
    ----------
    model : nn.Module
        With its initial weights, on the device of the task.
    task : Task
        What is learned.
    plan : Plan
        How.
    state : TrainingState
        Where snapshots go; entered.
    enter : Callable
        Called with the network at the begin of a phase, as to set its dropout.

    Returns
    -------
    weights : dict of Tensor
        State dict of the kept epoch, on the CPU.
    history : list of dict
        ``epoch``, ``loss``, ``accuracy``, the task's scores, and ``phase`` where the
        phases have names.
    kept : int
        Number of the kept epoch.

    Raises
    ------
    LabError
        If the loss is not finite, or the process was asked to stop.
    """
    average = _start_average(model, plan.ema)
    shown: nn.Module = average.module if average else model
    follow = partial(average.update_parameters, model) if average else lambda: None
    # static: a program for batches of any size would hang on which came first
    forward: Any = torch.compile(model, dynamic=False) if plan.compiled else model
    standing = load_standing(state, model, average)
    progress = standing.progress
    for phase in plan.phases:
        if progress.finished or progress.epoch > phase.last:
            continue
        enter(model, phase)
        optimizer = _start_optimizer(model, plan, phase, standing)
        save = partial(save_standing, state, standing, model, average, optimizer)
        checkpoint = partial(state.checkpoint, save, progress)
        while progress.epoch <= phase.last and not progress.finished:
            train_one_epoch(
                forward,
                optimizer,
                task,
                batch_size=plan.batch_size,
                phase=phase,
                progress=progress,
                after=follow,
                checkpoint=checkpoint,
            )
            _close_epoch(shown, task, plan, phase, standing, checkpoint)
            (save if progress.finished else checkpoint)()
    logging.info("kept epoch %d", progress.best_epoch)
    return standing.best, standing.history, progress.best_epoch


def _start_average(model: nn.Module, ema: float) -> AveragedModel | None:
    if not ema:
        return None
    mean = get_ema_multi_avg_fn(ema)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=mean, use_buffers=True)


def _start_optimizer(
    model: nn.Module, plan: Plan, phase: Phase, standing: Standing
) -> torch.optim.Optimizer:
    """Make the optimizer of a phase, as far as the phase has come."""
    optimizer = plan.optimizer(model)
    if standing.progress.epoch > phase.first or standing.progress.step:
        restore_optimizer(model, optimizer, standing)
    return optimizer


def _close_epoch(
    shown: nn.Module,
    task: Task,
    plan: Plan,
    phase: Phase,
    standing: Standing,
    checkpoint: Callable[[], None],
) -> None:
    """Score the epoch, keep it if it is the best, and say whether it was the last."""
    progress = standing.progress
    row = _count_epoch(task.validate(shown, checkpoint), progress, phase)
    standing.history.append(row)
    merit = task.merit(row)
    if not standing.best or plan.keep_last or merit > progress.best_merit:
        progress.best_merit, progress.best_epoch = merit, row["epoch"]
        weights = shown.state_dict()
        standing.best = {k: v.detach().cpu().clone() for k, v in weights.items()}
    waited = row["epoch"] - progress.best_epoch
    last = plan.phases[-1].last
    progress.finished = row["epoch"] == last or waited >= plan.patience


def _count_epoch(
    scores: Mapping[str, float], progress: Progress, phase: Phase
) -> dict[str, Any]:
    if not math.isfinite(scores["val_loss"]):
        raise LabError(
            f"epoch {progress.epoch}: the validation loss is {scores['val_loss']}; "
            f"lower {phase.key}"
        )
    figures = {
        "loss": progress.loss / progress.seen,
        "accuracy": progress.right / progress.seen,
        **scores,
    }
    row: dict[str, Any] = {"epoch": progress.epoch, **figures}
    if phase.name:
        row["phase"] = phase.name
    progress.epoch += 1
    progress.step, progress.seen, progress.loss, progress.right = 0, 0, 0.0, 0.0
    text = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
    logging.info("epoch %d %s", row["epoch"], text)
    return row
