"""How pictures enter a network on torch."""

from functools import cache

import torch

MEAN = (0.485, 0.456, 0.406)  # of ImageNet, torchvision's usual
STD = (0.229, 0.224, 0.225)


def normalise(batch: torch.Tensor) -> torch.Tensor:
    """Shift and scale by ImageNet's mean and standard deviation.

    Parameters
    ----------
    batch : Tensor of float32, shape (B, 3, H, W)
        In 0..1.

    Returns
    -------
    Tensor of float32, shape (B, 3, H, W)
        Channels last in memory.
    """
    mean, std = _place_constants(batch.device)
    return ((batch - mean) / std).contiguous(memory_format=torch.channels_last)


def enter(pixels: torch.Tensor) -> torch.Tensor:
    """Normalise a batch of uint8 (B, H, W, 3) and leave it otherwise as it is."""
    return normalise(pixels.permute(0, 3, 1, 2).float() / 255)


@cache
def _place_constants(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation on a device: a copy in a step would wait for it."""
    mean, std = (torch.tensor(value, device=device) for value in (MEAN, STD))
    return mean[:, None, None], std[:, None, None]
