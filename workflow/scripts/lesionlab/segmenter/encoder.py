"""Pretrained weights of a segmenter's encoder, and the scale that they expect."""

from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from lesionlab.errors import LabError
from lesionlab.networks.initial import load_initial_weights, scale_beside
from lesionlab.networks.network import Network
from lesionlab.networks.timm_network import head_of, scale_of
from lesionlab.training.pictures import IMAGENET, Scale
from lesionlab.weights.file import check_intact, inspect_weights
from lesionlab.weights.tensors import explain_useless, read_tensors

TIMM = "tu-"  # segmentation_models.pytorch's mark of timm's networks


def load_encoder(network: nn.Module, encoder: str, path: Path) -> Scale:
    """Load weights into the encoder of a segmenter, in place.

    Parameters
    ----------
    network : nn.Module
        From :func:`~lesionlab.segmenter.network.build_segmenter`.
    encoder : str
        Its name there.
    path : Path
        A state dict of it, by its publisher's names; its head is left out. A JSON file
        of the same stem may hold the ``mean`` and ``std`` of its pictures.

    Returns
    -------
    Scale
        Of its pictures: of that JSON file, of timm, or the usual one.

    Raises
    ------
    LabError
        If the file cannot be read, is damaged or belongs to another network.
    """
    own: Any = network.encoder
    if encoder.startswith(TIMM):
        _load_as_timm(own.model, encoder.removeprefix(TIMM), path)
        return _scale_of(encoder, path)
    kind = inspect_weights(path, ())
    check_intact(path)
    try:
        own.load_state_dict(dict(read_tensors(path, kind)))
    except (RuntimeError, KeyError, ValueError) as why:
        lines = [line.strip() for line in str(why).splitlines()]
        raise LabError(
            f"{path}: not the weights of {encoder} ({lines[min(1, len(lines) - 1)]})"
        ) from why
    for name, value in own.state_dict().items():
        if reason := explain_useless(name, value):
            raise LabError(f"{path}: {name} {reason}; take sound weights")
    return _scale_of(encoder, path)


def _load_as_timm(model: nn.Module, name: str, path: Path) -> None:
    """Load the whole network, then let timm take its features out."""
    indices: Any = model.feature_info.out_indices  # type: ignore[union-attr]
    with torch.random.fork_rng(devices=[]):
        whole = timm.create_model(name)
        network = Network(whole, scale_of(whole), head_of(whole), f"{TIMM}{name}")
        load_initial_weights(network, path)
        features = timm.create_model(
            name,
            features_only=True,
            out_indices=indices,
            pretrained=True,
            pretrained_cfg_overlay={"state_dict": whole.state_dict()},
        )
    model.load_state_dict(features.state_dict())


def _scale_of(encoder: str, path: Path) -> Scale:
    if beside := scale_beside(path):
        return beside
    if encoder.startswith(TIMM):
        config = timm.get_pretrained_cfg(encoder.removeprefix(TIMM))
        return Scale(tuple(config.mean), tuple(config.std)) if config else IMAGENET
    return IMAGENET
