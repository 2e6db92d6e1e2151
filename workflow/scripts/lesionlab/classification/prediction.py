"""Predict logits and probabilities of many pictures."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from lesionlab.training.device import fast_precision
from lesionlab.training.pictures import IMAGENET, MIRRORS, Scale, enter


def predict_probabilities(
    model: nn.Module,
    pixels: torch.Tensor,
    *,
    batch_size: int,
    scale: Scale = IMAGENET,
    flips: bool = False,
) -> torch.Tensor:
    """Predict class probabilities.

    Parameters
    ----------
    model : nn.Module
        To logits.
    pixels : Tensor of uint8, shape (N, S, S, 3)
        RGB, on the model's device.
    batch_size : int
        Pictures a step.
    scale : Scale
        Of the network's pictures.
    flips : bool
        Give the mean over each picture and its three mirror images.

    Returns
    -------
    Tensor of float64, shape (N, C)
        Rows sum to 1; on the CPU.
    """
    views = [
        predict_logits(
            model,
            pixels,
            batch_size=batch_size,
            scale=scale,
            view=partial(torch.flip, dims=axes),
        )
        for axes in (MIRRORS if flips else MIRRORS[:1])
    ]
    return torch.stack([view.double().softmax(1) for view in views]).mean(0)


def predict_logits(
    model: nn.Module,
    pixels: torch.Tensor,
    *,
    batch_size: int,
    scale: Scale = IMAGENET,
    view: Callable[[torch.Tensor], torch.Tensor] = lambda batch: batch,
    between: Callable[[], None] = lambda: None,
) -> torch.Tensor:
    """Predict logits, float32 (N, C), on the CPU; see :func:`predict_probabilities`.

    `view` turns or mirrors a batch; `between` is called after each.
    """
    model.eval()
    parts = []
    with torch.inference_mode(), fast_precision(pixels.device):
        for start in range(0, len(pixels), batch_size):
            batch = enter(view(pixels[start : start + batch_size]), scale)
            parts.append(model(batch).float())
            between()
    return torch.cat(parts).cpu()
