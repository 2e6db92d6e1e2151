"""Networks of timm: built at a size, the scale of their pictures, their head."""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import timm
import torch
from timm.data import resolve_data_config
from torch import nn

from lesionlab.errors import LabError, first_line
from lesionlab.training.pictures import Scale

FAMILY = "timm/"


def _find(name: str) -> tuple[str, Any]:
    """Find timm's own name of a network, and what timm says of it."""
    own = name.removeprefix(FAMILY)
    if not timm.is_model(own):
        near = get_close_matches(own, timm.list_models(), n=3)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise LabError(f"classification.model: timm has no {own}{hint}")
    return own, timm.get_pretrained_cfg(own)


def find_timm_input(name: str) -> tuple[int, Scale]:
    """Find the pictures that a network of timm was made for.

    Parameters
    ----------
    name : str
        ``timm/<name>``, without the tag of pretrained weights.

    Returns
    -------
    size : int
        Side in pixels.
    scale : Scale
        Of the pictures.

    Raises
    ------
    LabError
        If timm has no such network, or its pictures are not square.
    """
    _, known = _find(name)
    config = resolve_data_config(pretrained_cfg=known.to_dict())
    _, height, width = config["input_size"]
    if height != width:
        raise LabError(
            f"classification.size: null: {name} was made for {width} x {height} "
            "pixels, which are no square; give a number"
        )
    return height, _scale(config)


def build_timm(name: str, classes: int, *, seed: int, size: int) -> nn.Module:
    """Build a network of timm with random weights.

    Parameters
    ----------
    name : str
        ``timm/<name>``, without the tag of pretrained weights.
    classes : int
        Number of outputs.
    seed : int
        Of the initial weights.
    size : int
        Side of the pictures in pixels, of which some networks are made.

    Returns
    -------
    nn.Module
        float32 (N, 3, size, size) to logits (N, classes).

    Raises
    ------
    LabError
        If timm has no such network, or cannot make it at this size.
    """
    own, known = _find(name)
    sized = {"img_size": size} if known.fixed_input_size else {}
    options = {"model_name": own, "num_classes": classes, **sized}
    return create_network(name, options, seed=seed, size=size)


def create_network(
    name: str, options: Mapping[str, Any], *, seed: int, size: int
) -> nn.Module:
    """Create a network of timm and show it one picture.

    Parameters
    ----------
    name : str
        For people.
    options : Mapping
        Of ``timm.create_model``.
    seed : int
        Of the initial weights.
    size : int
        Side of the pictures in pixels.

    Returns
    -------
    nn.Module
        In training mode.

    Raises
    ------
    LabError
        If timm cannot make it at this size.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            network: nn.Module = timm.create_model(pretrained=False, **options)
            with torch.inference_mode():  # some are built that take no picture
                network.eval()(torch.zeros(1, 3, size, size))
        except (AssertionError, RuntimeError, TypeError, ValueError) as why:
            raise LabError(
                f"classification.size: {size}: {name} takes no such pictures "
                f"({first_line(why)})"
            ) from why
    return network.train()


def scale_of(network: nn.Module) -> Scale:
    """Find the mean and standard deviation that a network of timm was trained with."""
    return _scale(resolve_data_config(model=network))


def _scale(config: Mapping[str, Any]) -> Scale:
    return Scale(tuple(config["mean"]), tuple(config["std"]))


def head_of(network: nn.Module) -> tuple[str, ...]:
    """Name the last layers of a network of timm, as its state dict begins them."""
    named: Any = network.pretrained_cfg["classifier"]  # type: ignore[index]
    parts = (named,) if isinstance(named, str) else tuple(named)
    return tuple(f"{part}." for part in parts)


def adapt_weights(
    network: nn.Module, weights: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Fit weights to the names and the size of a network, as timm itself does.

    Parameters
    ----------
    network : nn.Module
        From :func:`build_timm`.
    weights : Mapping
        As their publishers saved them.

    Returns
    -------
    dict of Tensor
        Positional embeddings are interpolated to the network's own size.
    """
    module = sys.modules[type(network).__module__]
    adapt = getattr(module, "checkpoint_filter_fn", None)
    return dict(adapt(dict(weights), network) if adapt else weights)
