"""The classifier's network, whatever its family: built, saved and loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn

from lesionlab.networks.resnet import build_resnet
from lesionlab.training.pictures import IMAGENET, Scale
from lesionlab.weights.noted import open_noted, save_noted

RESNET = "resnet50"


@dataclass(frozen=True)
class Architecture:
    """What a network is built from, but for its weights.

    Parameters
    ----------
    model : str
        ``resnet50``, ``timm/<name>`` or ``panderm/<size>``.
    size : int
        Side of the pictures in pixels.
    variant : str
        Of resnet50; see :func:`~lesionlab.networks.resnet.build_resnet`.
    """

    model: str = RESNET
    size: int = 224
    variant: str = "v1.5"

    @property
    def title(self) -> str:
        """The model, and of resnet50 its variant."""
        return f"{self.model} {self.variant}" if self.model == RESNET else self.model


@dataclass(frozen=True)
class Network:
    """A network with what one must know to use it.

    Parameters
    ----------
    module : nn.Module
        float32 (N, 3, size, size) to logits (N, classes).
    scale : Scale
        Of its pictures.
    head : tuple of str
        How the names of its last layers begin.
    title : str
        For people.
    """

    module: nn.Module
    scale: Scale
    head: tuple[str, ...]
    title: str


def find_input(model: str) -> tuple[int, Scale]:
    """Find the pictures that a network was made for, without building it.

    Parameters
    ----------
    model : str
        ``resnet50`` or ``timm/<name>``.

    Returns
    -------
    size : int
        Side in pixels.
    scale : Scale
        Of the pictures.

    Raises
    ------
    LabError
        If there is no such network, or its pictures are not square.
    """
    if model == RESNET:
        return Architecture.size, IMAGENET
    from lesionlab.networks.panderm import FAMILY, SCALE
    from lesionlab.networks.timm_network import find_timm_input

    if model.startswith(FAMILY):
        return Architecture.size, SCALE
    return find_timm_input(model)


def build_network(architecture: Architecture, classes: int, *, seed: int) -> Network:
    """Build a network with random weights.

    Parameters
    ----------
    architecture : Architecture
        Which.
    classes : int
        Number of outputs.
    seed : int
        Of the weights: equal for every arm.

    Returns
    -------
    Network

    Raises
    ------
    LabError
        If there is no such network, or none of this size.
    """
    if architecture.model == RESNET:
        module = build_resnet(classes, seed=seed, variant=architecture.variant)
        return Network(module, IMAGENET, ("fc.",), "ResNet-50")
    from lesionlab.networks.panderm import FAMILY, build_panderm
    from lesionlab.networks.timm_network import build_timm, head_of, scale_of

    name, size = architecture.model, architecture.size
    build = build_panderm if name.startswith(FAMILY) else build_timm
    module = build(name, classes, seed=seed, size=size)
    return Network(module, scale_of(module), head_of(module), name)


def save_model(
    path: Path,
    weights: Mapping[str, torch.Tensor],
    *,
    architecture: Architecture,
    scale: Scale,
    classes: Sequence[str],
) -> None:
    """Write weights with what is needed to build their network again.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file to replace.
    weights : Mapping of Tensor
        The state dict, on any device.
    architecture : Architecture
        Of the network.
    scale : Scale
        Of its pictures.
    classes : sequence of str
        In the order of the logits.
    """
    notes = {**asdict(architecture), "scale": scale, "classes": list(classes)}
    save_noted(path, weights, notes)


def load_model(path: Path) -> tuple[Network, list[str]]:
    """Load a network that :func:`save_model` wrote.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file.

    Returns
    -------
    network : Network
        Its module is in evaluation mode.
    classes : list of str
        In the order of the logits.

    Raises
    ------
    LabError
        If the file is damaged.
    """
    with open_noted(path) as (notes, weights):
        classes, scale = notes.pop("classes"), Scale(*map(tuple, notes.pop("scale")))
        network = build_network(Architecture(**notes), len(classes), seed=0)
        network.module.load_state_dict(weights)
    network.module.eval()
    return replace(network, scale=scale), classes
