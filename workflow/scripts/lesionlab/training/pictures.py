"""How pictures enter a network on torch."""

from functools import cache
from typing import NamedTuple

import torch


class Scale(NamedTuple):
    """Mean and standard deviation of red, green and blue, in 0..1."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


# axes of a batch (B, H, W, 3) along which it is mirrored
MIRRORS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))
IMAGENET = Scale((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # torchvision's usual


def normalise(batch: torch.Tensor, scale: Scale = IMAGENET) -> torch.Tensor:
    """Shift and scale by a mean and a standard deviation.

    Parameters
    ----------
    batch : Tensor of float32, shape (B, 3, H, W)
        In 0..1.
    scale : Scale
        That which the network's first weights were trained with.

    Returns
    -------
    Tensor of float32, shape (B, 3, H, W)
        Channels last in memory.
    """
    mean, std = _place_constants(scale, batch.device)
    return ((batch - mean) / std).contiguous(memory_format=torch.channels_last)


def enter(pixels: torch.Tensor, scale: Scale = IMAGENET) -> torch.Tensor:
    """Normalise a batch of uint8 (B, H, W, 3) and leave it otherwise as it is."""
    return normalise(pixels.permute(0, 3, 1, 2).float() / 255, scale)


@cache
def _place_constants(
    scale: Scale, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation on a device: a copy in a step would wait for it."""
    mean, std = (torch.tensor(value, device=device) for value in scale)
    return mean[:, None, None], std[:, None, None]
