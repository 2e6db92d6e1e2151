"""Networks of which only the last stages, or the last layer alone, learn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np
import torch
from timm.models import group_parameters
from torch import nn
from torchvision.models import ResNet

from lesionlab.classification.prediction import predict_logits
from lesionlab.classification.task import Classification, Labelled, score_logits
from lesionlab.classification.wanted import HEAD, check_head
from lesionlab.errors import LabError
from lesionlab.networks.network import Network
from lesionlab.training.plan import Shown

RESNET_STAGES = {"stem": r"^conv1|bn1", "blocks": r"^layer(\d+)"}
VIEWS = 8  # of a square: four quarter turns, each also mirrored


def choose_learning(
    network: Network, train: Labelled, valid: Labelled, options: Mapping[str, Any]
) -> tuple[nn.Module, Classification]:
    """Choose what of a network learns, and its task.

    Parameters
    ----------
    network : Network
        On the device of the sets; what does not learn is frozen in place.
    train, valid : Labelled
        The sets.
    options : Mapping
        The section ``classification`` of the config, as a training gets it.

    Returns
    -------
    learning : nn.Module
        The network, or its last layer: what it learns, the network has learned.
    task : Classification

    Raises
    ------
    LabError
        If ``trainable`` does not suit the network, or an augmentation that.
    """
    if options["trainable"] == HEAD:
        return prepare_head(network, train, valid, options)
    if options["trainable"] != "all":
        freeze_stages(network, options["trainable"])
    return network.module, Classification(train, valid, options, network.scale)


def freeze_stages(network: Network, learning: int) -> None:
    """Let only the head and the last stages of a network learn, in place.

    What is frozen also keeps the means and variances of its batch normalisation, and
    drops nothing.

    Parameters
    ----------
    network : Network
        From :func:`~lesionlab.networks.network.build_network`.
    learning : int
        How many stages before the head learn: of ResNet-50 there are four and a stem.

    Raises
    ------
    LabError
        If it has no more stages than that, or timm names none.
    """
    module: Any = network.module
    is_resnet = isinstance(module, ResNet)
    if is_resnet:
        stages = RESNET_STAGES
    elif hasattr(module, "group_matcher"):
        stages = module.group_matcher(coarse=True)
    else:
        raise LabError(
            f"classification.trainable: {learning}: timm names no stages of "
            f"{network.title}; take {HEAD} or all"
        )
    group_of: dict[str, int] = group_parameters(module, stages, reverse=True)
    last = max(group_of.values())
    if learning >= last:
        raise LabError(
            f"classification.trainable: {learning}: {network.title} has {last} stages; "
            f"from 1 to {last - 1}, head or all"
        )
    frozen = {name for name, group in group_of.items() if group < last - learning}
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name not in frozen)
    for name, part in module.named_modules():
        own = {f"{name}.{key}" for key, _ in part.named_parameters()}
        if own and own <= frozen:
            part.eval()
            part.train = MethodType(_stay, part)


def _stay(part: nn.Module, mode: bool = True) -> nn.Module:
    """Take the place of ``train``, which a training calls at every epoch."""
    return part


@dataclass(frozen=True, kw_only=True)
class HeadClassification(Classification):
    """The task of a last layer on features that were computed once.

    Parameters
    ----------
    features, valid_features : Tensor of float32, shape (VIEWS, N, F) and (n, F)
        Of the training pictures, mirrored and turned in every way, and of the
        validation pictures as they are.
    """

    features: torch.Tensor
    valid_features: torch.Tensor

    def show(self, epoch: int) -> Shown:
        """Draw how each picture lies in an epoch; batches look its features up."""
        labels = self.train.labels
        view = torch.as_tensor(view_of(self._changes(epoch)), device=self.device)

        def show(chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            rows = chosen % len(labels)
            return self.features[view[chosen], rows], labels[rows]

        return show

    def validate(self, model: nn.Module, between: Any) -> dict[str, float]:
        """Score the validation set from its features."""
        model.eval()
        with torch.inference_mode():
            scores = score_logits(model(self.valid_features).cpu(), self.valid.labels)
        between()
        return scores


def view_of(draws: np.ndarray) -> np.ndarray:
    """Give a number to the way in which each picture lies.

    Parameters
    ----------
    draws : ndarray of float, shape (B, 8)
        From :func:`~lesionlab.classification.transforms.draw_augmentation`.

    Returns
    -------
    ndarray of int, shape (B,)
        Quarter turns, and 4 more where the picture is mirrored left-right before them:
        upside down is mirrored and two turns.
    """
    down, right, turns = draws[:, :3].astype(np.int64).T
    return np.asarray(4 * (down ^ right) + (turns + 2 * down) % 4)


def prepare_head(
    network: Network, train: Labelled, valid: Labelled, options: Mapping[str, Any]
) -> tuple[nn.Linear, HeadClassification]:
    """Compute what is frozen once, and leave the last layer to be trained.

    Parameters
    ----------
    network : Network
        On the device of the sets.
    train, valid : Labelled
        The sets.
    options : Mapping
        The section ``classification`` of the config, as a training gets it.

    Returns
    -------
    head : nn.Linear
        The network's own: what it learns, the network has learned.
    task : HeadClassification

    Raises
    ------
    LabError
        If the last part is no single layer, or an augmentation needs more than views.
    """
    name = network.head[0].removesuffix(".")
    head = network.module.get_submodule(name)
    if len(network.head) > 1 or not isinstance(head, nn.Linear):
        raise LabError(
            f"classification.trainable: {HEAD}: that of {network.title} is no single "
            "layer; take a number of stages, or all"
        )
    check_head(options)
    size = options["batch_size"]
    seen = _views_seen(options["augmentation"])
    parts = [_compute_features(network, head, train.pixels, 0, size)]
    parts += [
        _compute_features(network, head, train.pixels, view, size)
        if view in seen
        else torch.zeros_like(parts[0])
        for view in range(1, VIEWS)
    ]
    own = _compute_features(network, head, valid.pixels, 0, size)
    task = HeadClassification(
        train,
        valid,
        options,
        network.scale,
        features=torch.stack(parts),
        valid_features=own,
    )
    return head, task


def _views_seen(changes: Mapping[str, Any]) -> set[int]:
    turns: Sequence[int] = range(4) if changes["rotations"] else (0,)
    sides = [(0, 0), (1, 0), (0, 1), (1, 1)] if changes["flips"] else [(0, 0)]
    table = np.array([(*side, turn) for side in sides for turn in turns], float)
    return set(view_of(table).tolist())


def _compute_features(
    network: Network, head: nn.Linear, pixels: torch.Tensor, view: int, size: int
) -> torch.Tensor:
    """Compute what the last layer is given, float32 (N, F), of one view of all."""
    given: list[torch.Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, x: given.append(x[0].float()))

    def turn(batch: torch.Tensor) -> torch.Tensor:
        mirrored = batch.flip(2) if view >= VIEWS // 2 else batch
        return mirrored.rot90(view % 4, (1, 2))

    try:
        predict_logits(
            network.module, pixels, batch_size=size, scale=network.scale, view=turn
        )
    finally:
        hook.remove()
    return torch.cat(given).clone()  # of inference mode, which no training takes
