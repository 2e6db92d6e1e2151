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
# arms that move no pixel, so that the lesion lies where it does on the photograph
IN_PLACE = ("original", "segmented", "segmented_true", "background", "hair_removed")


@dataclass(frozen=True)
class Attention:
    """How much each place of a picture spoke for a class.

    Parameters
    ----------
    grid : ndarray of float32, shape (h, w)
        Not negative, at the size of the network's last feature maps.
    share : float, optional
        Of the attention that lies inside the lesion; None where nothing spoke for the
        class, or it is not known where the lesion lies.
    """

    grid: np.ndarray
    share: float | None


def attend(
    weights: Path, picture: np.ndarray, mask: np.ndarray | None, *, positive: int
) -> Attention | None:
    """Find where a network sees a class.

    Parameters
    ----------
    weights : Path
        The network, of :func:`~lesionlab.networks.network.save_model`.
    picture : ndarray of uint8, shape (S, S, 3)
        As the network is shown it.
    mask : ndarray of bool, shape (H, W), optional
        Where the lesion lies on it, of any size; None where that is not known.
    positive : int
        Number of the class.

    Returns
    -------
    Attention, optional
        None for a network without feature maps.
    """
    # torch takes seconds and half a gigabyte: only for who asks
    import torch
    from torchcam.methods import GradCAM

    from lesionlab.training.pictures import enter

    network, layer = _load(weights, picture.shape[0])
    if layer is None:
        return None
    batch = enter(torch.from_numpy(picture[None].copy()), network.scale)
    with GradCAM(network.module, layer) as explain:
        scores = network.module(batch)
        grid = explain(positive, scores, normalized=False)[0][0].detach().numpy()
    if mask is None or not grid.any():
        return Attention(grid, None)
    large = enlarge(grid, *mask.shape)
    return Attention(grid, float(large[mask].sum() / large.sum()))


def enlarge(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Enlarge a map or a picture bilinearly to (height, width)."""
    size = width, height
    return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR))


def draw_attention(
    picture: np.ndarray, grid: np.ndarray, height: int, width: int
) -> np.ndarray:
    """Blend a picture with attention, half of each: yellow is most, violet none.

    Parameters
    ----------
    picture : ndarray of uint8, shape (S, S, 3)
        As the network is shown it.
    grid : ndarray of float32, shape (h, w)
        Of :class:`Attention`.
    height, width : int
        To which both are enlarged.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
    """
    large = enlarge(grid, height, width)
    strength = large / max(float(large.max()), 1e-12)
    levels = np.round(strength * 255).astype(np.uint8)
    colours = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1]
    below = enlarge(picture, height, width)
    return np.asarray(np.round(0.5 * below + 0.5 * colours), np.uint8)


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
