"""What a segmenter on torch learns: masks; the highest validation Jaccard is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from lesionlab.randomness import UNET_NETWORK, derive_seed
from lesionlab.segmentation.batches import draw_changes, draw_flips, epoch_order
from lesionlab.segmentation.overlap import best_threshold, jaccard_curve, quantise
from lesionlab.segmenter.network import set_dropout
from lesionlab.segmenter.prediction import predict_logits
from lesionlab.training.pictures import IMAGENET, Scale, normalise, relight, zoom
from lesionlab.training.plan import Phase, Plan, Shown

EPSILON = 1e-7
DROPOUT_FREE = "dropout_free"  # name of the phase


@dataclass(frozen=True)
class Masked:
    """Photographs with their masks, on the device that trains.

    Parameters
    ----------
    pixels : Tensor of uint8, shape (N, H, W, 3)
        RGB.
    masks : Tensor of bool, shape (N, H, W)
        True on the lesion.
    """

    pixels: torch.Tensor
    masks: torch.Tensor


@dataclass(frozen=True)
class Segmentation:
    """The task of a segmenter; see :class:`lesionlab.training.plan.Task`.

    Parameters
    ----------
    train, valid : Masked
        The sets; no photograph is in both.
    options : Mapping
        The section ``segmentation`` of the config, and the ``fold``.
    scale : Scale
        Of the network's pictures.
    """

    train: Masked
    valid: Masked
    options: Mapping[str, Any]
    scale: Scale = IMAGENET

    @property
    def title(self) -> str:
        """The architecture."""
        return str(self.options["model"])

    @property
    def device(self) -> torch.device:
        """Where the photographs are."""
        return self.train.pixels.device

    def _key(self) -> dict[str, Any]:
        return {"seed": self.options["seed"], "fold": self.options["fold"]}

    def order(self, epoch: int) -> np.ndarray:
        """Draw the order of an epoch, as the U-Net on Keras does."""
        count, shuffle = len(self.train.masks), self.options["shuffle"]
        return epoch_order(count, shuffle=shuffle, epoch=epoch, **self._key())

    def stream(self, epoch: int, step: int) -> int:
        """Seed of the network's own draws in a step."""
        return derive_seed(UNET_NETWORK, *self._key().values(), epoch, step)

    def show(self, epoch: int) -> Shown:
        """Draw how each pair is changed in an epoch; batches look it up."""
        pixels, masks = self.train.pixels, self.train.masks
        key = {"count": len(masks), "epoch": epoch, **self._key()}
        jitter, crop = self.options["jitter"], self.options["crop"]
        table = draw_flips(**key) & self.options["flips"]
        flips = torch.as_tensor(table, device=self.device)
        table = draw_changes(**key, jitter=jitter, crop=crop)
        changes = torch.as_tensor(table, device=self.device)

        def show(chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x, y = pixels[chosen], masks[chosen]
            for axis in (1, 2):
                turn = flips[chosen, axis - 1]
                x = torch.where(turn[:, None, None, None], x.flip(axis), x)
                y = torch.where(turn[:, None, None], y.flip(axis), y)
            x, y = x.permute(0, 3, 1, 2).float() / 255, y[:, None].float()
            if jitter:
                x = relight(x, *changes[chosen, :2].T)
            if crop:
                part = changes[chosen, 2:].T
                x, y = zoom(x, *part), (zoom(y, *part) > 0.5).float()
            return normalise(x, self.scale), y

        return show

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss of a batch; see :func:`segmentation_loss`."""
        return segmentation_loss(outputs.float(), targets, self.options["loss"])

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Share of each photograph's pixels that are right at 0.5."""
        return ((outputs > 0) == (targets > 0)).double().mean((1, 2, 3))

    def validate(
        self, model: nn.Module, between: Callable[[], None]
    ) -> dict[str, float]:
        """Score the validation set at its own best threshold.

        Returns
        -------
        dict
            ``val_loss``, ``val_accuracy`` (at 0.5), ``val_jaccard`` (mean over
            photographs, at network size) and ``val_threshold``.
        """
        size, loss = self.options["batch_size"], self.options["loss"]
        total, right, curves, count = 0.0, 0.0, [], len(self.valid.masks)
        for start in range(0, count, size):
            pixels, masks = (
                part[start : start + size]
                for part in (self.valid.pixels, self.valid.masks)
            )
            logits = predict_logits(model, pixels, batch_size=size, scale=self.scale)
            truth = masks.cpu()
            step = segmentation_loss(logits[:, None], truth[:, None].float(), loss)
            total += len(masks) * float(step)
            right += float(((logits > 0) == truth).double().mean((1, 2)).sum())
            shown = quantise(logits.sigmoid().numpy())
            curve = jaccard_curve(zip(shown, truth.numpy(), strict=True))
            curves.append(curve * len(masks))
            between()
        threshold, jaccard = best_threshold(np.sum(curves, axis=0) / count)
        return {
            "val_loss": total / count,
            "val_accuracy": right / count,
            "val_jaccard": jaccard,
            "val_threshold": threshold,
        }

    def merit(self, scores: dict[str, float]) -> float:
        """Take the epoch of the highest validation Jaccard."""
        return scores["val_jaccard"]


def segmentation_loss(
    logits: torch.Tensor, truth: torch.Tensor, name: str
) -> torch.Tensor:
    """Compute a loss by its name in the config.

    Parameters
    ----------
    logits, truth : Tensor of float32, shape (B, 1, H, W)
        Truth is 0 or 1.
    name : {"bce", "bce_dice"}
        Binary cross-entropy, or its sum with the soft Dice loss
        1 - 2 sum(p y) / (sum(p) + sum(y)) of each photograph (Milletari et al., 2016).

    Returns
    -------
    Tensor
        A scalar, a mean over the batch.
    """
    loss = binary_cross_entropy_with_logits(logits, truth)
    if name == "bce":
        return loss
    p = logits.sigmoid()
    both, sizes = (p * truth).sum((1, 2, 3)), (p + truth).sum((1, 2, 3))
    return loss + (1 - (2 * both + EPSILON) / (sizes + EPSILON)).mean()


def enter_phase(network: nn.Module, phase: Phase, *, dropout: float) -> None:
    """Give a network the dropout of a phase, in place: its own rate, or none."""
    set_dropout(network, 0.0 if phase.name == DROPOUT_FREE else dropout)


def plan_training(options: Mapping[str, Any], *, dropout: bool) -> Plan:
    """Plan the training of a segmenter: Adam, with dropout and then without.

    Parameters
    ----------
    options : Mapping
        The section ``segmentation`` of the config.
    dropout : bool
        Whether the network has any: it names the first phase.

    Returns
    -------
    Plan
    """

    def optimizer(model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(model.parameters(), eps=EPSILON)

    key, free = "segmentation.learning_rate", DROPOUT_FREE
    proper, more = options["epochs"], options["dropout_free_epochs"]
    rates = (options["learning_rate"], options["dropout_free_learning_rate"])
    phases = [
        Phase(1, proper, rates[0], key, name="dropout" if dropout else "whole"),
        Phase(
            proper + 1, proper + more, rates[1], f"segmentation.{free}_learning_rate",
            name=free,
        ),
    ]  # fmt: skip
    return Plan(
        [phase for phase in phases if phase.last >= phase.first],
        optimizer,
        options["batch_size"],
        keep_last=options["keep"] == "last",
        compiled=options["compile"],
    )
