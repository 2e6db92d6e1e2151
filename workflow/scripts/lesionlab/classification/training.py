"""Train and evaluate a classifier: early stopping, resumable at any step."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from lesionlab.classification.transforms import transform_eval, transform_train
from lesionlab.errors import LabError
from lesionlab.state import TrainingState


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


@dataclass
class Progress:
    """Where a training stands, without its tensors."""

    epoch: int = 1
    step: int = 0
    loss: float = 0.0
    right: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    finished: bool = False


def pick_device(threads: int) -> torch.device:
    """Take the GPU where there is one; make sums repeatable on either.

    Parameters
    ----------
    threads : int
        CPU threads; sums depend on it.

    Returns
    -------
    torch.device
        ``cuda`` or ``cpu``.
    """
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def place_model(model: nn.Module, device: torch.device) -> nn.Module:
    """Move a model to the device, channels last: the faster layout on both kinds."""
    placed: nn.Module = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed


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


def _precision(device: torch.device) -> AbstractContextManager[Any]:
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()  # bf16 is many times slower on a CPU


def predict_probabilities(
    model: nn.Module, pixels: torch.Tensor, *, batch_size: int
) -> torch.Tensor:
    """Predict class probabilities.

    Parameters
    ----------
    model : nn.Module
        To logits.
    pixels : Tensor of uint8, shape (N, S, S, 3)
        RGB, on the model's device.
    batch_size : int
        Pictures a step.

    Returns
    -------
    Tensor of float64, shape (N, C)
        Rows sum to 1; on the CPU.
    """
    return predict_logits(model, pixels, batch_size=batch_size).double().softmax(1)


def predict_logits(
    model: nn.Module, pixels: torch.Tensor, *, batch_size: int
) -> torch.Tensor:
    """Predict logits, float32 (N, C), on the CPU; see :func:`predict_probabilities`."""
    model.eval()
    parts = []
    with torch.inference_mode(), _precision(pixels.device):
        for start in range(0, len(pixels), batch_size):
            batch = transform_eval(pixels[start : start + batch_size])
            parts.append(model(batch).float().cpu())
    return torch.cat(parts)


def evaluate(model: nn.Module, data: Labelled, *, batch_size: int) -> dict[str, float]:
    """Mean cross-entropy and accuracy.

    Parameters
    ----------
    model : nn.Module
        To logits.
    data : Labelled
        Usually the validation set.
    batch_size : int
        Pictures a step.

    Returns
    -------
    dict
        ``val_loss`` and ``val_accuracy``.
    """
    logits = predict_logits(model, data.pixels, batch_size=batch_size)
    labels = data.labels.cpu()
    return {
        "val_loss": float(cross_entropy(logits, labels)),
        "val_accuracy": float((logits.argmax(1) == labels).double().mean()),
    }


def batches_of_epoch(
    count: int, *, batch_size: int, seed: int, epoch: int
) -> list[np.ndarray]:
    """Rows of each step of an epoch, in an order drawn from seed and epoch alone.

    Parameters
    ----------
    count, batch_size : int
        Pictures in all and a step.
    seed, epoch : int
        Of the training.

    Returns
    -------
    list of ndarray of int
        A last batch of one picture is left out: batch normalisation cannot train on it.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    batches = [order[i : i + batch_size] for i in range(0, count, batch_size)]
    return batches[:-1] if len(batches[-1]) == 1 else batches


def train_one_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Labelled,
    *,
    progress: Progress,
    options: Mapping[str, Any],
    save: Callable[[], None],
    save_seconds: float,
) -> dict[str, float]:
    """Train from the step where `progress` stands to the end of its epoch.

    Parameters
    ----------
    model, optimizer : nn.Module, Optimizer
        Changed in place.
    data : Labelled
        The training set.
    progress : Progress
        Counted on in place.
    options : Mapping
        The section ``classification`` of the config, with one ``seed``.
    save : Callable
        Saves the training state.
    save_seconds : float
        How often it is called within a long epoch, in seconds.

    Returns
    -------
    dict
        ``loss`` and ``accuracy``, means over the epoch as it trained.

    Raises
    ------
    LabError
        If the loss is not finite.
    """
    seed, epoch = options["seed"], progress.epoch
    batches = batches_of_epoch(
        len(data.labels), batch_size=options["batch_size"], seed=seed, epoch=epoch
    )
    total, saved = options["epochs"] * len(batches), time.monotonic()
    title = f"{options.get('arm', 'classifier')} epoch {epoch}/{options['epochs']}"
    model.train()
    steps = range(progress.step, len(batches))
    for step in tqdm(steps, title, unit="step", disable=None):
        rows = batches[step]
        chosen = torch.as_tensor(rows, device=data.pixels.device)
        inputs = transform_train(
            data.pixels[chosen],
            rows,
            seed=seed,
            epoch=epoch,
            options=options["augmentation"],
        )
        labels = data.labels[chosen]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(
                (epoch - 1) * len(batches) + step, total, options
            )
        optimizer.zero_grad(set_to_none=True)
        with _precision(inputs.device):
            logits = model(inputs)
            loss = cross_entropy(logits, labels)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise LabError(
                f"epoch {epoch}, batch {step + 1}: the loss is {value}; lower "
                "classification.learning_rate"
            )
        torch.autograd.backward(loss)
        optimizer.step()
        progress.loss += value * len(rows)
        progress.right += int((logits.detach().argmax(1) == labels).sum())
        progress.step = step + 1
        if time.monotonic() - saved > save_seconds and step + 1 < len(batches):
            save()
            saved = time.monotonic()
    seen = sum(map(len, batches))
    figures = {"loss": progress.loss / seen, "accuracy": progress.right / seen}
    progress.step, progress.loss, progress.right = 0, 0.0, 0.0
    return figures


def fit(
    model: nn.Module,
    train: Labelled,
    valid: Labelled,
    *,
    options: Mapping[str, Any],
    state: TrainingState,
    save_seconds: float = 300.0,
) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
    """Train until validation loss stops falling, or take up a training that was killed.

    Parameters
    ----------
    model : nn.Module
        With its initial weights, on the device of the data.
    train, valid : Labelled
        The sets.
    options : Mapping
        The section ``classification`` of the config, with one ``seed``.
    state : TrainingState
        Where snapshots go; entered.
    save_seconds : float
        How often a long epoch is saved within, in seconds.

    Returns
    -------
    weights : dict of Tensor
        State dict of the epoch of the lowest validation loss, on the CPU.
    history : list of dict
        ``epoch``, ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy``.
    """
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=options["learning_rate"],
        momentum=options["momentum"],
        weight_decay=options["weight_decay"],
    )
    progress, history = Progress(), []
    best: dict[str, torch.Tensor] = {}
    found = state.load()
    if found is not None:
        arrays, facts = found
        progress, history = Progress(**facts["progress"]), facts["history"]
        best = _take(arrays, "best.")
        model.load_state_dict(_take(arrays, "model."))
        _restore_momentum(model, optimizer, _take(arrays, "momentum."))
        logging.info("continues at epoch %d, step %d", progress.epoch, progress.step)

    def save() -> None:
        state.save(
            {
                **_give(model.state_dict(), "model."),
                **_give(best, "best."),
                **_give(_momentum(model, optimizer), "momentum."),
            },
            {"progress": asdict(progress), "history": history},
        )

    while not progress.finished:
        figures = train_one_epoch(
            model,
            optimizer,
            train,
            progress=progress,
            options=options,
            save=save,
            save_seconds=save_seconds,
        )
        figures |= evaluate(model, valid, batch_size=options["batch_size"])
        history.append({"epoch": progress.epoch, **figures})
        logging.info(
            "epoch %d %s",
            progress.epoch,
            " ".join(f"{name} {value:.4f}" for name, value in figures.items()),
        )
        if not best or figures["val_loss"] < progress.best_loss:
            progress.best_loss, progress.best_epoch = (
                figures["val_loss"],
                progress.epoch,
            )
            best = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}
        waited = progress.epoch - progress.best_epoch
        progress.finished = (
            progress.epoch == options["epochs"] or waited >= options["patience"]
        )
        progress.epoch += 1
        save()
    logging.info("kept epoch %d", progress.best_epoch)
    return best, history


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
