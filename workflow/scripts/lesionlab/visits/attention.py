"""Where a classifier looked: Grad-CAM (Selvaraju et al., 2017), by torchcam."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

    from lesionlab.networks.network import Network

KEPT = 4  # networks that stay loaded


@dataclass(frozen=True)
class Attention:
    """How much each place of a picture spoke for a class.

    Parameters
    ----------
    grid : ndarray of float32, shape (h, w), optional
        Not negative, at the size of the network's last feature maps; None for a network
        that has none.
    share : float, optional
        Of the attention that lies inside the lesion; None where nothing spoke for the
        class.
    """

    grid: np.ndarray | None
    share: float | None


def attend(
    weights: Path, picture: np.ndarray, mask: np.ndarray, *, positive: int
) -> Attention:
    """Find where a network sees a class.

    Parameters
    ----------
    weights : Path
        The network, of :func:`~lesionlab.networks.network.save_model`.
    picture : ndarray of uint8, shape (S, S, 3)
        As the network is shown it.
    mask : ndarray of bool, shape (H, W)
        The lesion, of any size.
    positive : int
        Number of the class.

    Returns
    -------
    Attention
    """
    # torch takes seconds and half a gigabyte: only for who asks
    import torch
    from torchcam.methods import GradCAM

    from lesionlab.training.pictures import enter

    network, layer = _load(weights, picture.shape[0])
    if layer is None:
        return Attention(None, None)
    batch = enter(torch.from_numpy(picture[None].copy()), network.scale)
    with GradCAM(network.module, layer) as explain:
        scores = network.module(batch)
        grid = explain(positive, scores, normalized=False)[0][0].detach().numpy()
    large = enlarge(grid, *mask.shape)
    whole = float(large.sum())
    share = float(large[mask].sum()) / whole if whole > 0 else None
    return Attention(grid, share)


def enlarge(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Enlarge a map bilinearly, float32 (height, width)."""
    size = width, height
    return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR))


def draw_attention(photograph: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Lay attention over a photograph: what got none is dimmed, lines bound the rest.

    Parameters
    ----------
    photograph : ndarray of uint8, shape (H, W, 3)
        RGB.
    grid : ndarray of float32, shape (h, w)
        Of :class:`Attention`.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    height, width = photograph.shape[:2]
    large = enlarge(grid, height, width)
    strength = large / max(float(large.max()), 1e-12)
    levels = np.round(strength * 255).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return np.asarray(np.round(0.5 * photograph + 0.5 * colours), np.uint8)


@lru_cache(KEPT)
def _load(weights: Path, side: int) -> "tuple[Network, nn.Module | None]":
    from lesionlab.networks.network import load_model

    network, _ = load_model(weights)
    return network, find_maps(network.module, side)


def find_maps(module: "nn.Module", side: int) -> "nn.Module | None":
    """Find the last layer whose output is maps of the features that the head reads.

    Parameters
    ----------
    module : nn.Module
        The network.
    side : int
        Of its pictures in pixels.

    Returns
    -------
    nn.Module, optional
        None where tokens or nothing of the kind lead to the head, as in a ViT.
    """
    import torch
    from torch import nn

    seen: list[tuple[Any, tuple[int, ...]]] = []
    with _watch(module, seen), torch.no_grad():
        module(torch.zeros(1, 3, side, side))
    heads = [one for one, _ in seen if isinstance(one, nn.Linear)]
    found = None
    for layer, shape in seen:
        if len(shape) == 3:  # tokens
            found = None
        elif len(shape) == 4 and shape[2] * shape[3] > 1:
            matches = heads and shape[1] == heads[-1].in_features
            found = layer if matches else found
    return found


@contextmanager
def _watch(module: "nn.Module", seen: list[Any]) -> "Iterator[None]":
    def note(layer: "nn.Module", _given: Any, output: "Tensor") -> None:
        if hasattr(output, "shape"):
            seen.append((layer, tuple(output.shape)))

    handles = [one.register_forward_hook(note) for one in module.modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
