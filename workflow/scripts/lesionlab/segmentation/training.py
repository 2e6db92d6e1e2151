"""Train the U-Net: with dropout, then some epochs without, resumable at any step."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from lesionlab.errors import LabError
from lesionlab.segmentation.batches import epoch_order, make_batch
from lesionlab.segmentation.overlap import best_threshold, jaccard_curve, quantise
from lesionlab.segmentation.phases import (
    Phase,
    compile_unet,
    plan_phases,
    segmentation_loss,
)
from lesionlab.segmentation.prediction import predict_probability
from lesionlab.segmentation.snapshot import (
    Progress,
    load_standing,
    save_standing,
    take_up,
)
from lesionlab.segmentation.tally import Counted
from lesionlab.state import TrainingState

SCORES = ("val_loss", "val_accuracy", "val_jaccard", "val_threshold")


@dataclass(frozen=True)
class Pairs:
    """Photographs with their masks at network size.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (N, H, W, 3)
        RGB; may be memory-mapped.
    masks : ndarray of uint8, shape (N, H, W)
        0 or 255.
    rows : ndarray of int, shape (n,)
        Which of the N belong to this set.
    """

    pixels: np.ndarray
    masks: np.ndarray
    rows: np.ndarray


def validate(
    model: keras.Model,
    pairs: Pairs,
    *,
    options: Mapping[str, Any],
    between: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Score the network on the validation set, at its own best threshold.

    Parameters
    ----------
    model : keras.Model
        The network in training.
    pairs : Pairs
        The validation set.
    options : Mapping
        The section ``segmentation`` of the config.
    between : Callable
        Called after each batch.

    Returns
    -------
    dict
        ``val_loss``, ``val_accuracy`` (at 0.5), ``val_jaccard`` (mean over images, at
        network size) and ``val_threshold``; NaN where the network predicts no number.
    """
    size, loss = options["batch_size"], segmentation_loss(options["loss"])
    total, right, curves = 0.0, 0.0, []
    for start in range(0, len(pairs.rows), size):
        rows = pairs.rows[start : start + size]
        truth = pairs.masks[rows]
        p = predict_probability(model, pairs.pixels[rows], batch_size=size)
        if not np.isfinite(p).all():
            return dict.fromkeys(SCORES, math.nan)
        y = (truth[..., None] / 255).astype(np.float32)
        step_loss = keras.ops.convert_to_numpy(loss(y, p[..., None]))
        total += len(rows) * float(step_loss)
        right += len(rows) * float(np.mean((p > 0.5) == (truth > 0)))
        curve = jaccard_curve(zip(quantise(p), truth > 0, strict=True))
        curves.append(curve * len(rows))
        between()
    count = len(pairs.rows)
    threshold, jaccard = best_threshold(np.sum(curves, axis=0) / count)
    figures = (total / count, right / count, jaccard, threshold)
    return dict(zip(SCORES, figures, strict=True))


def fit_unet(
    train: Pairs,
    valid: Pairs,
    *,
    options: Mapping[str, Any],
    state: TrainingState,
) -> tuple[list[np.ndarray], list[dict[str, Any]], int]:
    """Train the U-Net, or take up a training where its last snapshot stands.

    Parameters
    ----------
    train, valid : Pairs
        The sets; no image is in both.
    options : Mapping
        The section ``segmentation`` of the config and the ``fold``.
    state : TrainingState
        Where snapshots go; entered.

    Returns
    -------
    weights : list of ndarray
        Of the kept epoch, in the order of ``model.get_weights()``.
    history : list of dict
        One row an epoch.
    kept : int
        Number of the kept epoch.

    Raises
    ------
    LabError
        If the loss is not finite, or the process was asked to stop.
    """
    standing = load_standing(state)
    progress = standing.progress
    for phase in plan_phases(options):
        if progress.epoch > phase.last:
            continue
        model = compile_unet(options, phase)
        take_up(model, standing)
        save = partial(save_standing, state, standing, model)
        checkpoint = partial(state.checkpoint, save, progress)
        while progress.epoch <= phase.last:
            _train_epoch(model, train, options, progress, phase, checkpoint)
            scores = validate(model, valid, options=options, between=checkpoint)
            row = _close_epoch(scores, progress, phase, count=len(train.rows))
            standing.history.append(row)
            if options["keep"] == "last" or row["val_jaccard"] > progress.best_jaccard:
                standing.best = model.get_weights()
                progress.best_jaccard = row["val_jaccard"]
                progress.best_epoch = row["epoch"]
            if progress.epoch <= phase.last:
                checkpoint()
        standing.last = model.get_weights()
        save_standing(state, standing, None)
    logging.info("kept epoch %d", progress.best_epoch)
    return standing.best, standing.history, progress.best_epoch


def _train_epoch(
    model: Counted,
    train: Pairs,
    options: Mapping[str, Any],
    progress: Progress,
    phase: Phase,
    checkpoint: Callable[[Callable[[], None]], None],
) -> None:
    """Train to the end of an epoch; the sums are read where a snapshot is due."""
    size, epoch = options["batch_size"], progress.epoch
    key = {name: options[name] for name in ("seed", "fold", "shuffle")}
    order = epoch_order(len(train.rows), epoch=epoch, **key)
    rows = train.rows[order]
    steps = range(progress.step, -(-len(rows) // size))
    epochs = options["epochs"] + options["dropout_free_epochs"]
    title = f"U-Net epoch {epoch}/{epochs}"
    settle = partial(model.tally.settle, progress, phase.rate_key)
    model.tally.begin(progress)
    for step in tqdm(steps, title, unit="step", disable=None):
        chosen = rows[step * size : (step + 1) * size]
        pairs = make_batch(
            train.pixels, train.masks, chosen, options=options, epoch=epoch
        )
        model.train_on_batch(*map(keras.ops.convert_to_tensor, pairs))
        progress.step = step + 1
        checkpoint(settle)
    settle()


def _close_epoch(
    scores: Mapping[str, float], progress: Progress, phase: Phase, *, count: int
) -> dict[str, Any]:
    if not math.isfinite(scores["val_loss"]):
        raise LabError(
            f"epoch {progress.epoch}: the validation loss is {scores['val_loss']}; "
            f"lower {phase.rate_key}"
        )
    row = {
        "epoch": progress.epoch,
        "loss": progress.loss / count,
        "accuracy": progress.accuracy / count,
        **scores,
        "phase": phase.name,
    }
    progress.epoch += 1
    progress.step, progress.loss, progress.accuracy = 0, 0.0, 0.0
    figures = " ".join(
        f"{name} {value:.4f}" for name, value in row.items() if isinstance(value, float)
    )
    logging.info("epoch %d (%s) %s", row["epoch"], phase.name, figures)
    return row
