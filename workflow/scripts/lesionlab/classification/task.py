"""What a classifier learns: classes of pictures; the lowest validation loss is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torchvision.transforms.v2 import MixUp

from lesionlab.classification.objective import (
    balanced_order,
    classification_loss,
    count_rounds,
    weigh_classes,
)
from lesionlab.classification.prediction import predict_logits
from lesionlab.classification.transforms import draw_augmentation, transform_train
from lesionlab.randomness import (
    CLASSIFIER_NETWORK,
    CLASSIFIER_ORDER,
    derive_seed,
    generator,
)
from lesionlab.training.pictures import IMAGENET, Scale
from lesionlab.training.plan import Phase, Plan, Shown


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


@dataclass(frozen=True)
class Classification:
    """The task of a classifier; see :class:`lesionlab.training.plan.Task`.

    Parameters
    ----------
    train, valid : Labelled
        The sets.
    options : Mapping
        The section ``classification`` of the config, with ``seed``, ``fold`` and
        ``classes``.
    scale : Scale
        Of the network's pictures.
    """

    train: Labelled
    valid: Labelled
    options: Mapping[str, Any]
    scale: Scale = IMAGENET

    @property
    def title(self) -> str:
        """The arm."""
        return str(self.options.get("arm", "classifier"))

    @property
    def device(self) -> torch.device:
        """Where the pictures are."""
        return self.train.pixels.device

    def _key(self) -> tuple[int, str]:
        return self.options["seed"], self.options["fold"]

    def order(self, epoch: int) -> np.ndarray:
        """Draw the order of an epoch from its key alone.

        The n-th showing of a row bears the number row + n * N, so that each has changes
        of its own.
        """
        stream = generator(CLASSIFIER_ORDER, *self._key(), epoch)
        if self.options["sampling"] == "balanced":
            return balanced_order(self.train.labels.cpu().numpy(), stream)
        return stream.permutation(len(self.train.labels))

    @cached_property
    def _weights(self) -> torch.Tensor | None:
        if not self.options["class_weights"]:
            return None
        return weigh_classes(self.train.labels, len(self.options["classes"]))

    def stream(self, epoch: int, step: int) -> int:
        """Seed of the network's own draws in a step."""
        return derive_seed(CLASSIFIER_NETWORK, *self._key(), epoch, step)

    def _changes(self, epoch: int) -> np.ndarray:
        """Draw how each showing of an epoch is changed, a row for each."""
        seed, fold = self._key()
        labels = self.train.labels.cpu().numpy()
        rounds = 1
        if self.options["sampling"] == "balanced":
            rounds = count_rounds(labels)
        return draw_augmentation(
            np.arange(rounds * len(labels)),
            seed=seed,
            fold=fold,
            epoch=epoch,
            options=self.options["augmentation"],
        )

    def show(self, epoch: int) -> Shown:
        """Draw how each picture is changed in an epoch; batches look it up.

        Which pictures of a batch are mixed, and how (Zhang et al., 2018), is drawn in
        the step, from its own seed.
        """
        pixels, labels = self.train.pixels, self.train.labels
        changes = self.options["augmentation"]
        draws = torch.tensor(
            self._changes(epoch), dtype=torch.float32, device=self.device
        )
        alpha, classes = self.options["mixup"], len(self.options["classes"])
        mix = MixUp(alpha=alpha, num_classes=classes) if alpha else None

        def show(chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            crop = changes["crop"] > 0
            rows = chosen % len(labels)
            inputs = transform_train(
                pixels[rows], draws[chosen], crop=crop, scale=self.scale
            )
            if mix is None:
                return inputs, labels[rows]
            mixed: tuple[torch.Tensor, torch.Tensor] = mix(inputs, labels[rows])
            return mixed

        return show

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean loss of a batch; see :func:`classification_loss`."""
        return classification_loss(
            outputs, targets, options=self.options, weights=self._weights
        )

    def right(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Say of each picture whether its class has the highest logit."""
        truth = targets.argmax(1) if targets.ndim == 2 else targets
        return outputs.argmax(1) == truth

    def validate(
        self, model: nn.Module, between: Callable[[], None]
    ) -> dict[str, float]:
        """Score the validation set by :func:`evaluate`."""
        size = self.options["batch_size"]
        return evaluate(
            model, self.valid, batch_size=size, scale=self.scale, between=between
        )

    def merit(self, scores: dict[str, float]) -> float:
        """Take the epoch of the lowest validation loss."""
        return -scores["val_loss"]


def evaluate(
    model: nn.Module,
    data: Labelled,
    *,
    batch_size: int,
    scale: Scale = IMAGENET,
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
    scale : Scale
        Of the network's pictures.
    between : Callable
        Called after each batch.

    Returns
    -------
    dict
        ``val_loss`` and ``val_accuracy``.
    """
    logits = predict_logits(
        model, data.pixels, batch_size=batch_size, scale=scale, between=between
    )
    return score_logits(logits, data.labels)


def score_logits(logits: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """Score float32 (N, C) on the CPU against labels (N,); see :func:`evaluate`."""
    truth = labels.cpu()
    return {
        "val_loss": float(cross_entropy(logits, truth)),
        "val_accuracy": float((logits.argmax(1) == truth).double().mean()),
    }


def plan_training(options: Mapping[str, Any]) -> Plan:
    """Plan the training of a classifier: one phase.

    Parameters
    ----------
    options : Mapping
        The section ``classification`` of the config.

    Returns
    -------
    Plan
        Epochs are at most those of the config.
    """

    def optimizer(model: nn.Module) -> torch.optim.Optimizer:
        parameters, decay = model.parameters(), options["weight_decay"]
        if options["optimizer"] == "adamw":
            return torch.optim.AdamW(parameters, weight_decay=decay)
        momentum = options["momentum"]
        return torch.optim.SGD(parameters, momentum=momentum, weight_decay=decay)

    rate, key = float(options["learning_rate"]), "classification.learning_rate"
    phase = Phase(
        1, options["epochs"], rate, key, options["schedule"], options["warmup"]
    )
    return Plan(
        [phase],
        optimizer,
        options["batch_size"],
        patience=options["patience"],
        ema=options["ema"],
        compiled=options["compile"],
    )
