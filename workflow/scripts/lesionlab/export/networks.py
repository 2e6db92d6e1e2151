"""What is written as ONNX: networks from the pixels of a file to probabilities."""

from pathlib import Path

import torch
from torch import nn

from lesionlab.segmentation.backend import start_backend
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
            shown = enter(_mirror(photographs, axes), self.scale)
            maps.append(_mirror(self.network(shown)[:, 0].sigmoid(), axes))
        return _average(maps)


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
            _mirror(self.network(_mirror(photographs, axes) / 255.0)[..., 0], axes)
            for axes in self.views
        ]
        return _average(maps)


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
        # one pass for all views: a pass each would hold the weights once a view
        views = torch.cat([_mirror(photographs, axes) for axes in self.views])
        seen = self.network(enter(views, self.scale)).softmax(1)
        features = self.seen[0].flatten(1)
        count = len(self.views)
        return (
            seen.reshape(count, -1, seen.shape[1]).mean(0),
            features.reshape(count, -1, features.shape[1])[0],
        )


def load_unet(path: Path, size: tuple[int, int], *, flips: bool) -> nn.Module:
    """Load the Keras U-Net on torch, whichever backend it was trained on.

    Parameters
    ----------
    path : Path
        The ``.weights.h5`` file.
    size : tuple of int
        Height and width of its pictures.
    flips : bool
        Of :class:`KerasSegmenter`.

    Returns
    -------
    nn.Module
        A :class:`KerasSegmenter` in evaluation mode.
    """
    start_backend("torch", threads=1)
    from lesionlab.segmentation.prediction import load_weights
    from lesionlab.segmentation.unet import build_unet

    height, width = size
    unet = build_unet(height=height, width=width, dropout=0.0, seed=0)
    load_weights(unet, path)
    return KerasSegmenter(unet, flips=flips).eval()


def load_segmenter(path: Path, _size: tuple[int, int], *, flips: bool) -> nn.Module:
    """Load a segmenter on torch as a :class:`Segmenter` in evaluation mode."""
    from lesionlab.segmenter.network import load_segmenter as load

    network, scale = load(path)
    return Segmenter(network, scale, flips=flips).eval()


def load_classifier(path: Path, *, flips: bool) -> nn.Module:
    """Load a classifier as a :class:`Classifier` in evaluation mode."""
    from lesionlab.networks.network import load_model

    network, _ = load_model(path)
    head = network.module.get_submodule(network.head[0].rstrip("."))
    return Classifier(network.module, head, network.scale, flips=flips).eval()


def _mirror(batch: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Mirror, or leave a batch as it is: to flip no axis is a step all the same."""
    return batch.flip(axes) if axes else batch


def _average(views: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack(views).mean(0) if len(views) > 1 else views[0]
