"""How pictures enter a network on torch."""

from functools import cache
from typing import NamedTuple

import torch
from torch.nn.functional import affine_grid, grid_sample


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


def relight(
    batch: torch.Tensor, light: torch.Tensor, contrast: torch.Tensor
) -> torch.Tensor:
    """Change brightness, then contrast about each picture's own grey.

    Parameters
    ----------
    batch : Tensor of float32, shape (B, 3, H, W)
        In 0..1.
    light, contrast : Tensor of float32, shape (B,)
        Factors.

    Returns
    -------
    Tensor of float32, shape (B, 3, H, W)
        In 0..1.
    """
    lit = batch * light[:, None, None, None]
    grey = lit.mean((1, 2, 3), keepdim=True)
    return ((lit - grey) * contrast[:, None, None, None] + grey).clamp(0, 1)


def zoom(
    batch: torch.Tensor, side: torch.Tensor, down: torch.Tensor, right: torch.Tensor
) -> torch.Tensor:
    """Cut a part out of each picture and enlarge it bilinearly to the whole.

    Parameters
    ----------
    batch : Tensor of float32, shape (B, C, H, W)
        Pictures, or masks.
    side : Tensor of float32, shape (B,)
        Height and width of the part; 1 is the whole.
    down, right : Tensor of float32, shape (B,)
        Its place, -1..1; 0 is the middle.

    Returns
    -------
    Tensor of float32, shape (B, C, H, W)
    """
    zero = torch.zeros_like(side)
    rows = [side, zero, right * (1 - side), zero, side, down * (1 - side)]
    affine = torch.stack(rows, 1).reshape(-1, 2, 3)
    grid = affine_grid(affine, list(batch.shape), align_corners=False)
    return grid_sample(batch, grid, align_corners=False, padding_mode="border")


@cache
def _place_constants(
    scale: Scale, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation on a device: a copy in a step would wait for it."""
    mean, std = (torch.tensor(value, device=device) for value in scale)
    return mean[:, None, None], std[:, None, None]
