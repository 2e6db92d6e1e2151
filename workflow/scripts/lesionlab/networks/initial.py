"""The weights that a training begins with, from a file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from lesionlab.errors import LabError, first_line
from lesionlab.files import read_json
from lesionlab.networks.network import RESNET, Architecture, Network, build_network
from lesionlab.training.pictures import Scale
from lesionlab.weights.file import check_intact, inspect_weights
from lesionlab.weights.names import COUNTER
from lesionlab.weights.tensors import explain_useless, read_tensors
from lesionlab.weights.variant import weights_variant


def start_network(
    architecture: Architecture,
    classes: int,
    *,
    seed: int,
    weights: Path | None = None,
    variant: str | None = None,
) -> tuple[Network, Architecture]:
    """Build the network that a training begins with.

    Parameters
    ----------
    architecture : Architecture
        Which; its variant is that of random weights.
    classes : int
        Number of outputs.
    seed : int
        Of the weights that no file holds.
    weights : Path, optional
        A file of pretrained ones.
    variant : str, optional
        Of a file of ResNet-50; see :func:`~lesionlab.weights.variant.weights_variant`.

    Returns
    -------
    network : Network
        With the scale that goes with its weights.
    architecture : Architecture
        With the variant that does.

    Raises
    ------
    LabError
        If there is no such network, or the file does not hold its weights.
    """
    if weights is not None and architecture.model == RESNET:
        architecture = replace(architecture, variant=weights_variant(weights, variant))
    network = build_network(architecture, classes, seed=seed)
    if weights is not None:
        load_initial_weights(network, weights)
        network = replace(network, scale=scale_beside(weights) or network.scale)
    return network, architecture


def scale_beside(path: Path) -> Scale | None:
    """Read the scale of pictures that goes with a file of weights, where one is named.

    Parameters
    ----------
    path : Path
        The file; a JSON file of the same stem beside it may hold ``mean`` and ``std``.

    Returns
    -------
    Scale or None
        Of red, green and blue in 0..1.

    Raises
    ------
    LabError
        If that file cannot be read, or does not hold three numbers each.
    """
    facts = path.with_suffix(".json")
    try:
        beside = read_json(facts) if facts.exists() else {}
        if not {"mean", "std"} & beside.keys():
            return None
        mean, std = (tuple(map(float, beside[key])) for key in ("mean", "std"))
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as why:
        raise LabError(
            f"{facts}: no JSON object with mean and std, three numbers each; mend it "
            "or remove both"
        ) from why
    if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
        raise LabError(
            f"{facts}: mean and std are three numbers each, std above 0; mend them"
        )
    return Scale(mean, std)


def load_initial_weights(network: Network, path: Path) -> None:
    """Load pretrained weights in place; the head keeps its own.

    Parameters
    ----------
    network : Network
        From :func:`~lesionlab.networks.network.build_network`.
    path : Path
        A state dict of it: ``.pth`` or ``.safetensors``.

    Raises
    ------
    LabError
        If the file cannot be read, is damaged or belongs to another network.
    """
    own = network.module.state_dict()
    body = {name for name in own if not name.startswith(network.head)}
    needed = {name for name in body if not name.endswith(COUNTER)}
    kind = inspect_weights(path, needed if _is_resnet(network) else ())
    check_intact(path)
    state = read_tensors(path, kind)
    if not _is_resnet(network):
        state = _adapt(network, state, path)
    if reason := _explain_unlike(network, state):
        raise LabError(f"{path}: {reason}")
    taken = {name: value for name, value in state.items() if name in body}
    network.module.load_state_dict({**own, **taken})


def _is_resnet(network: Network) -> bool:
    return network.title == "ResNet-50"


def _adapt(network: Network, state: Mapping[str, Any], path: Path) -> dict[str, Any]:
    from lesionlab.networks.panderm import FAMILY, take_encoder
    from lesionlab.networks.timm_network import adapt_weights

    if network.title.startswith(FAMILY):
        state = take_encoder(state)
    try:
        return adapt_weights(network.module, state)
    except Exception as why:  # timm looks at no shape before it reckons with it
        reason = _explain_unlike(network, state) or (
            f"not the weights of a {network.title} ({first_line(why)})"
        )
        raise LabError(f"{path}: {reason}") from why


def _explain_unlike(network: Network, state: Mapping[str, Any]) -> str:
    """Say what keeps a state dict from being that of a network, but for its head."""
    own = network.module.state_dict()
    wanted = {name for name in own if not name.startswith(network.head)}
    others = {*map(str, state)} - set(own)
    foreign = sorted(name for name in others if not name.startswith(network.head))
    missing = sorted(n for n in wanted - set(state) if not n.endswith(COUNTER))
    if foreign or missing:
        return f"not the weights of a {network.title} ({(foreign + missing)[0]})"
    for name in sorted(wanted & set(state)):
        value, shape = state[name], tuple(own[name].shape)
        if not isinstance(value, torch.Tensor) or tuple(value.shape) != shape:
            found = tuple(getattr(value, "shape", ()))
            like = ", as in a wide one or a ResNeXt" if _is_resnet(network) else ""
            return f"not the weights of a {network.title}: {name} is {found}, not " + (
                f"{shape}{like}"
            )
        if wrong := explain_useless(name, value):
            return f"{name} {wrong}; take sound weights"
    return ""
