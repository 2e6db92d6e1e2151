"""Predict with a segmenter on torch."""

import torch
from torch import nn

from lesionlab.training.device import fast_precision
from lesionlab.training.pictures import IMAGENET, Scale, enter


def predict_logits(
    model: nn.Module,
    pixels: torch.Tensor,
    *,
    batch_size: int,
    scale: Scale = IMAGENET,
) -> torch.Tensor:
    """Predict the logits of lesion.

    Parameters
    ----------
    model : nn.Module
        From :func:`~lesionlab.segmenter.network.build_segmenter`.
    pixels : Tensor of uint8, shape (N, H, W, 3)
        RGB, on the model's device.
    batch_size : int
        Photographs a step.
    scale : Scale
        Of the network's pictures.

    Returns
    -------
    Tensor of float32, shape (N, H, W)
        On the CPU.
    """
    model.eval()
    parts = []
    with torch.inference_mode(), fast_precision(pixels.device):
        for start in range(0, len(pixels), batch_size):
            batch = enter(pixels[start : start + batch_size], scale)
            parts.append(model(batch)[:, 0].float())
    return torch.cat(parts).cpu()
