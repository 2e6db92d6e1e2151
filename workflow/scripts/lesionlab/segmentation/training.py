"""Train the U-Net: with dropout, then some epochs without, resumable at any step."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from lesionlab.errors import LabError
from lesionlab.segmentation.batches import epoch_order, make_batch
from lesionlab.segmentation.overlap import best_threshold, jaccard_curve
from lesionlab.segmentation.prediction import predict_probability, quantise
from lesionlab.segmentation.unet import build_unet
from lesionlab.state import TrainingState

EPSILON = 1e-7


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


@dataclass(frozen=True)
class Phase:
    """A run of epochs with one dropout rate and one learning rate."""

    name: str
    first: int
    last: int
    dropout: float
    learning_rate: float


def plan_phases(options: Mapping[str, Any]) -> list[Phase]:
    """List the phases of a training; a phase of no epochs is left out.

    Parameters
    ----------
    options : Mapping
        The section ``segmentation`` of the config.

    Returns
    -------
    list of Phase
        Epochs count from 1 through all phases.
    """
    proper, free = options["epochs"], options["dropout_free_epochs"]
    rate, free_rate = options["learning_rate"], options["dropout_free_learning_rate"]
    phases = [
        Phase("dropout", 1, proper, options["dropout"], rate),
        Phase("dropout_free", proper + 1, proper + free, 0.0, free_rate),
    ]
    return [phase for phase in phases if phase.last >= phase.first]


def segmentation_loss(name: str) -> Any:
    """Find a loss by its name in the config.

    Parameters
    ----------
    name : {"bce", "bce_dice"}
        Binary cross-entropy, or its sum with the soft Dice loss
        1 - 2 sum(p y) / (sum(p) + sum(y)) of each image (Milletari et al., 2016).

    Returns
    -------
    Callable
        Of true and predicted (B, H, W, 1); returns a scalar, a mean over the batch.
    """

    def bce(y: Any, p: Any) -> Any:
        return keras.ops.mean(keras.losses.binary_crossentropy(y, p))

    def bce_dice(y: Any, p: Any) -> Any:
        both = keras.ops.sum(y * p, axis=(1, 2, 3))
        sizes = keras.ops.sum(y, axis=(1, 2, 3)) + keras.ops.sum(p, axis=(1, 2, 3))
        dice = (2 * both + EPSILON) / (sizes + EPSILON)
        return bce(y, p) + keras.ops.mean(1 - dice)

    return {"bce": bce, "bce_dice": bce_dice}[name]


def compile_unet(options: Mapping[str, Any], phase: Phase) -> keras.Model:
    """Build and compile the network of one phase.

    Parameters
    ----------
    options : Mapping
        The section ``segmentation`` of the config.
    phase : Phase
        Gives dropout and learning rate.

    Returns
    -------
    keras.Model
        Its optimizer is built, so that its variables can be restored.
    """
    model = build_unet(
        height=options["height"],
        width=options["width"],
        dropout=phase.dropout,
        seed=options["seed"] + 1000 * phase.first,
    )
    model.compile(
        optimizer=keras.optimizers.Adam(phase.learning_rate),
        loss=segmentation_loss(options["loss"]),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
        # XLA is slower on a CPU; jax has no other way to compile a step
        jit_compile=keras.backend.backend() == "jax",
    )
    model.optimizer.build(model.trainable_variables)
    return model


def validate(
    model: keras.Model, pairs: Pairs, *, options: Mapping[str, Any]
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

    Returns
    -------
    dict
        ``val_loss``, ``val_accuracy`` (at 0.5), ``val_jaccard`` (mean over images, at
        network size) and ``val_threshold``.
    """
    size, loss = options["batch_size"], segmentation_loss(options["loss"])
    total, right, curves = 0.0, 0.0, []
    for start in range(0, len(pairs.rows), size):
        rows = pairs.rows[start : start + size]
        truth = pairs.masks[rows]
        p = predict_probability(model, pairs.pixels[rows], batch_size=size)
        y = (truth[..., None] / 255).astype(np.float32)
        step_loss = keras.ops.convert_to_numpy(loss(y, p[..., None]))
        total += len(rows) * float(step_loss)
        right += len(rows) * float(np.mean((p > 0.5) == (truth > 0)))
        curve = jaccard_curve(zip(quantise(p), truth > 0, strict=True))
        curves.append(curve * len(rows))
    count = len(pairs.rows)
    threshold, jaccard = best_threshold(np.sum(curves, axis=0) / count)
    return {
        "val_loss": total / count,
        "val_accuracy": right / count,
        "val_jaccard": jaccard,
        "val_threshold": threshold,
    }


@dataclass
class Progress:
    """Where a training stands; with the weights, all that a snapshot holds."""

    epoch: int = 1
    step: int = 0
    loss: float = 0.0
    accuracy: float = 0.0
    best_epoch: int = 0
    best_jaccard: float = -1.0
    finished: bool = False


def fit_unet(
    train: Pairs,
    valid: Pairs,
    *,
    options: Mapping[str, Any],
    state: TrainingState,
    save_seconds: float = 300.0,
) -> tuple[list[np.ndarray], list[dict[str, Any]]]:
    """Train the U-Net, or take up a training where its last snapshot stands.

    Parameters
    ----------
    train, valid : Pairs
        The sets; no image is in both.
    options : Mapping
        The section ``segmentation`` of the config.
    state : TrainingState
        Where snapshots go; entered.
    save_seconds : float
        A long epoch is saved this often within, in seconds.

    Returns
    -------
    weights : list of ndarray
        Of the kept epoch, in the order of ``model.get_weights()``.
    history : list of dict
        One row an epoch.

    Raises
    ------
    LabError
        If the loss is not finite.
    """
    phases = plan_phases(options)
    found = state.load()
    progress, history = Progress(), []
    arrays: dict[str, np.ndarray] = {}
    if found is not None:
        arrays, facts = found
        progress, history = Progress(**facts["progress"]), facts["history"]
        logging.info("continues at epoch %d, step %d", progress.epoch, progress.step)
    best, last = _numbered(arrays, "best"), _numbered(arrays, "last")
    for phase in phases:
        if progress.epoch > phase.last or progress.finished:
            continue
        model = compile_unet(options, phase)
        if "model0" in arrays:
            _restore(model, arrays)
            arrays = {}
        elif last:
            model.set_weights(last)
        while progress.epoch <= phase.last:
            _train_epoch(
                model,
                train,
                options=options,
                progress=progress,
                save=partial(_save, state, model, best, progress, history),
                save_seconds=save_seconds,
                epochs=phases[-1].last,
            )
            row = _close_epoch(model, train, valid, options, progress, phase)
            history.append(row)
            if options["keep"] == "last" or row["val_jaccard"] > progress.best_jaccard:
                best = model.get_weights()
                progress.best_jaccard = row["val_jaccard"]
                progress.best_epoch = progress.epoch
            progress.epoch += 1
            progress.finished = progress.epoch > phases[-1].last
            # a phase begins with a fresh optimizer, so only its weights are handed on
            held = model if progress.epoch <= phase.last else None
            last = model.get_weights()
            _save(state, held, best, progress, history, last)
    logging.info("kept epoch %d", progress.best_epoch)
    return best, history


def _train_epoch(
    model: keras.Model,
    train: Pairs,
    *,
    options: Mapping[str, Any],
    progress: Progress,
    save: Any,
    save_seconds: float,
    epochs: int,
) -> None:
    size, seed, epoch = options["batch_size"], options["seed"], progress.epoch
    shuffle = options["shuffle"]
    order = epoch_order(len(train.rows), seed=seed, epoch=epoch, shuffle=shuffle)
    rows = train.rows[order]
    steps = range(progress.step, -(-len(rows) // size))
    saved = time.monotonic()
    title = f"U-Net epoch {epoch}/{epochs}"
    for step in tqdm(steps, title, unit="step", disable=None):
        chosen = rows[step * size : (step + 1) * size]
        x, y = make_batch(
            train.pixels,
            train.masks,
            chosen,
            flips=options["flips"],
            seed=seed,
            epoch=epoch,
        )
        model.reset_metrics()
        figures = model.train_on_batch(x, y, return_dict=True)
        loss = float(figures["loss"])
        if not np.isfinite(loss):
            raise LabError(
                f"epoch {epoch}, batch {step + 1}: the loss is {loss}; lower "
                "segmentation.learning_rate"
            )
        progress.loss += len(chosen) * loss
        progress.accuracy += len(chosen) * float(figures["accuracy"])
        progress.step = step + 1
        if time.monotonic() - saved > save_seconds:
            save()
            saved = time.monotonic()


def _close_epoch(
    model: keras.Model,
    train: Pairs,
    valid: Pairs,
    options: Mapping[str, Any],
    progress: Progress,
    phase: Phase,
) -> dict[str, Any]:
    count = len(train.rows)
    row = {
        "epoch": progress.epoch,
        "loss": progress.loss / count,
        "accuracy": progress.accuracy / count,
        **validate(model, valid, options=options),
        "phase": phase.name,
    }
    progress.step, progress.loss, progress.accuracy = 0, 0.0, 0.0
    figures = " ".join(
        f"{name} {value:.4f}" for name, value in row.items() if isinstance(value, float)
    )
    logging.info("epoch %d (%s) %s", row["epoch"], phase.name, figures)
    return row


def _save(
    state: TrainingState,
    model: keras.Model | None,
    best: list[np.ndarray],
    progress: Progress,
    history: list[dict[str, Any]],
    last: list[np.ndarray] | None = None,
) -> None:
    groups: dict[str, list[Any]] = {"best": best, "last": last or []}
    if model is not None:
        # `variables`, unlike `weights`, holds the state of every dropout's generator
        groups["model"] = [keras.ops.convert_to_numpy(v) for v in model.variables]
        groups["optimizer"] = [
            keras.ops.convert_to_numpy(v) for v in model.optimizer.variables
        ]
    arrays = {
        f"{name}{index}": np.asarray(value)
        for name, values in groups.items()
        for index, value in enumerate(values)
    }
    state.save(arrays, {"progress": vars(progress).copy(), "history": history})


def _restore(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    for name, variables in (
        ("model", model.variables),
        ("optimizer", model.optimizer.variables),
    ):
        for variable, value in zip(variables, _numbered(arrays, name), strict=True):
            variable.assign(value)


def _numbered(arrays: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    count = sum(key.rstrip("0123456789") == name for key in arrays)
    return [arrays[f"{name}{index}"] for index in range(count)]
