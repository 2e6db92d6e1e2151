"""Networks of segmentation_models.pytorch: built, saved, loaded."""

from collections.abc import Mapping
from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from timm.layers import DropPath
from torch import nn

from lesionlab.errors import LabError, first_line
from lesionlab.training.pictures import Scale
from lesionlab.weights.noted import open_noted, save_noted

FAMILY = "smp/"
DROPOUT = (nn.Dropout, nn.Dropout2d)


def build_segmenter(
    model: str, encoder: str, *, seed: int, size: tuple[int, int] | None = None
) -> nn.Module:
    """Build a network with random weights.

    Parameters
    ----------
    model : str
        ``smp/<architecture>``, as ``smp/unet``.
    encoder : str
        One of the package's encoders, as ``resnet34``.
    seed : int
        Of the initial weights.
    size : tuple of int, optional
        Height and width of a picture that it is shown, to see whether it takes one.

    Returns
    -------
    nn.Module
        float32 (N, 3, H, W) to logits (N, 1, H, W).

    Raises
    ------
    LabError
        If the package has no such architecture or encoder, not both together, or none
        that takes a picture of this size.
    """
    architecture = model.removeprefix(FAMILY)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            network: nn.Module = smp.create_model(
                architecture, encoder_name=encoder, encoder_weights=None, classes=1
            )
        except (KeyError, ValueError, NotImplementedError, RuntimeError) as why:
            raise LabError(
                f"segmentation.model: {model} with segmentation.encoder: {encoder}: "
                f"{first_line(why)}"
            ) from why
    if size:
        _show_one(network, f"{model} with {encoder}", size)
    return network


def _show_one(network: nn.Module, title: str, size: tuple[int, int]) -> None:
    height, width = size
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, 3, height, width))
    except (AssertionError, RuntimeError, ValueError) as why:
        raise LabError(
            f"segmentation.height, width: {height}, {width}: {title} takes no such "
            f"pictures ({first_line(why)})"
        ) from why
    network.train()


def has_dropout(model: nn.Module) -> bool:
    """Say whether a network has dropout, so that epochs without it differ."""
    return any(
        (isinstance(part, DROPOUT) and part.p > 0)
        or (isinstance(part, DropPath) and part.drop_prob > 0)
        for part in model.modules()
    )


def set_dropout(model: nn.Module, rate: float) -> None:
    """Set the rate of the dropout that a network was built with, in place.

    Stochastic depth keeps its own rates, unless all is switched off.
    """
    for part in model.modules():
        if isinstance(part, DROPOUT) and part.p > 0:
            part.p = rate
        if isinstance(part, DropPath) and rate == 0:
            part.drop_prob = 0.0


def save_segmenter(
    path: Path,
    weights: Mapping[str, torch.Tensor],
    *,
    model: str,
    encoder: str,
    scale: Scale,
) -> None:
    """Write weights with what is needed to build their network again.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file to replace.
    weights : Mapping of Tensor
        The state dict, on any device.
    model, encoder : str
        Of :func:`build_segmenter`.
    scale : Scale
        Of its pictures.
    """
    notes = {"model": model, "encoder": encoder, "scale": scale}
    save_noted(path, weights, notes)


def load_segmenter(path: Path) -> tuple[nn.Module, Scale]:
    """Load a network that :func:`save_segmenter` wrote.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file.

    Returns
    -------
    network : nn.Module
        In evaluation mode.
    scale : Scale
        Of its pictures.

    Raises
    ------
    LabError
        If the file is damaged.
    """
    with open_noted(path) as (notes, weights):
        network = build_segmenter(notes["model"], notes["encoder"], seed=0)
        network.load_state_dict(weights)
        scale = Scale(*map(tuple, notes["scale"]))
    return network.eval(), scale
