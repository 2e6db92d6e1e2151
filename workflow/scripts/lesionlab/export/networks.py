"""What is written as ONNX: networks from the pixels of a file to probabilities."""

import torch
from torch import nn

from lesionlab.training.pictures import MIRRORS, Scale, enter


class Segmenter(nn.Module):
    """A segmenter with all that stands before and after it.

    Parameters
    ----------
    network : nn.Module
        float32 (N, 3, H, W), normalised, to logits (N, 1, H, W).
    scale : Scale
        Of its pictures.
    flips : bool
        Give the mean over each photograph and its three mirror images.
    """

    def __init__(self, network: nn.Module, scale: Scale, *, flips: bool) -> None:
        super().__init__()
        self.network, self.scale = network, scale
        self.views = MIRRORS if flips else MIRRORS[:1]

    def forward(self, photographs: torch.Tensor) -> torch.Tensor:
        """uint8 (N, H, W, 3) to the probability of lesion, float32 (N, H, W)."""
        maps = []
        for axes in self.views:
            shown = enter(photographs.flip(axes), self.scale)
            maps.append(self.network(shown)[:, 0].sigmoid().flip(axes))
        return torch.stack(maps).mean(0)


class KerasSegmenter(nn.Module):
    """The Keras U-Net on torch with all that stands before it.

    Parameters
    ----------
    network : nn.Module
        float32 (N, H, W, 3) in 0..1 to probabilities (N, H, W, 1).
    flips : bool
        Of :class:`Segmenter`.
    """

    def __init__(self, network: nn.Module, *, flips: bool) -> None:
        super().__init__()
        self.network = network
        self.views = MIRRORS if flips else MIRRORS[:1]

    def forward(self, photographs: torch.Tensor) -> torch.Tensor:
        """uint8 (N, H, W, 3) to the probability of lesion, float32 (N, H, W)."""
        maps = [
            self.network(photographs.flip(axes) / 255.0)[..., 0].flip(axes)
            for axes in self.views
        ]
        return torch.stack(maps).mean(0)


class Classifier(nn.Module):
    """A classifier with all that stands before and after it.

    Parameters
    ----------
    network : nn.Module
        float32 (N, 3, S, S), normalised, to logits (N, C).
    head : nn.Module
        Its last layer, whose input describes the picture.
    scale : Scale
        Of its pictures.
    flips : bool
        Give the mean over each picture and its three mirror images.
    """

    def __init__(
        self, network: nn.Module, head: nn.Module, scale: Scale, *, flips: bool
    ) -> None:
        super().__init__()
        self.network, self.scale = network, scale
        self.views = MIRRORS if flips else MIRRORS[:1]
        self.seen: list[torch.Tensor] = []
        head.register_forward_pre_hook(self._keep)

    def _keep(self, _head: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self.seen.append(inputs[0])

    def forward(self, photographs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """uint8 (N, S, S, 3) to probabilities, (N, C), and features, (N, F)."""
        self.seen.clear()
        views = [
            self.network(enter(photographs.flip(axes), self.scale)).softmax(1)
            for axes in self.views
        ]
        return torch.stack(views).mean(0), self.seen[0].flatten(1)
