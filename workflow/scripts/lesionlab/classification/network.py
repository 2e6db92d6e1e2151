"""ResNet-50 from ImageNet, from a file, or from random weights."""

import json
import pickle
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torchvision.models import resnet50

from lesionlab.errors import LabError
from lesionlab.weights.file import (
    SAFETENSORS,
    check_intact,
    inspect_weights,
)
from lesionlab.weights.names import HEAD, is_passed_over

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def build_resnet(classes: int, *, seed: int, variant: str = "v1.5") -> nn.Module:
    """Build torchvision's ResNet-50 with a new head.

    Parameters
    ----------
    classes : int
        Number of outputs.
    seed : int
        Of the initial weights: equal for every arm.
    variant : {"v1", "v1.5"}
        Where a stage halves its input: v1 (He et al., 2015) at its first 1x1
        convolution, v1.5 (torchvision) at the 3x3. The weights have the same names and
        shapes, so they fit either network but suit only one.

    Returns
    -------
    nn.Module
        float32 (N, 3, H, W) to logits (N, classes).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = resnet50(num_classes=classes)
        if variant == "v1":
            for stage in (network.layer2, network.layer3, network.layer4):
                stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    model: nn.Module = network
    return model


def load_initial_weights(model: nn.Module, path: Path) -> None:
    """Load pretrained weights in place; the head keeps its own.

    Parameters
    ----------
    model : nn.Module
        From :func:`build_resnet`.
    path : Path
        A state dict of ResNet-50: ``.pth`` or ``.safetensors``.

    Raises
    ------
    LabError
        If the file cannot be read, is damaged or belongs to another network.
    """
    own = model.state_dict()
    kind = inspect_weights(path, {name for name in own if not is_passed_over(name)})
    check_intact(path)
    try:
        if kind == SAFETENSORS:
            state = safetensors.torch.load_file(path)
        else:
            with warnings.catch_warnings(action="ignore"):  # of protocols of pickle
                state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as why:
        raise LabError(
            f"{path}: refused, it holds more than weights; save a state dict alone"
        ) from why
    except Exception as why:  # on damaged bytes it raises all kinds
        reason = str(why).splitlines()[0] if str(why) else type(why).__name__
        raise LabError(f"{path}: no readable weights ({reason})") from why
    if reason := _explain_unlike(own, state):
        raise LabError(f"{path}: {reason}")
    body = {name: value for name, value in state.items() if not name.startswith(HEAD)}
    model.load_state_dict({**own, **body})


def _explain_unlike(own: Mapping[str, torch.Tensor], state: Any) -> str:
    """Say what keeps a state dict from being that of `own`, but for its head."""
    if not isinstance(state, Mapping):
        return f"a {type(state).__name__}, not a state dict; save one alone"
    wanted = {name for name in own if not name.startswith(HEAD)}
    others = {*map(str, state)} - set(own)
    foreign = sorted(name for name in others if not name.startswith(HEAD))
    missing = sorted(n for n in wanted - set(state) if not is_passed_over(n))
    if foreign or missing:
        return f"not the weights of a ResNet-50 ({(foreign + missing)[0]})"
    for name in sorted(wanted & set(state)):
        value, shape = state[name], tuple(own[name].shape)
        if not isinstance(value, torch.Tensor) or tuple(value.shape) != shape:
            found = tuple(getattr(value, "shape", ()))
            return (
                f"not the weights of a ResNet-50: {name} is {found}, not {shape}, as "
                "in a wide one or a ResNeXt"
            )
        if not is_passed_over(name) and (wrong := _explain_useless(name, value)):
            return f"{name} {wrong}; take sound weights"
    return ""


def _explain_useless(name: str, value: torch.Tensor) -> str:
    """Say why a network with these weights could not be trained any further."""
    if value.dtype not in FLOATS:
        return f"holds numbers of kind {str(value.dtype).removeprefix('torch.')}"
    if not torch.isfinite(value.to(torch.float32)).all():
        return "holds a value that is no number"
    if value.ndim == 4 and not value.any():
        return "is a convolution of zeros alone"
    if name.endswith("running_var") and (value < 0).any():
        return "holds a variance below zero"
    return ""


def save_model(
    path: Path, state: dict[str, Any], *, variant: str, classes: Sequence[str]
) -> None:
    """Write weights with what is needed to build their network again.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file.
    state : dict of Tensor
        The state dict.
    variant : str
        Of the network.
    classes : sequence of str
        In the order of the logits.
    """
    # one entry: several would be written in an order that changes from time to time
    notes = json.dumps({"variant": variant, "classes": list(classes)})
    whole = {name: value.contiguous() for name, value in state.items()}
    # save_file would make a file that its owner alone can read
    path.write_bytes(safetensors.torch.save(whole, metadata={"notes": notes}))


def load_model(path: Path) -> tuple[nn.Module, list[str]]:
    """Load a network that :func:`save_model` wrote.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file.

    Returns
    -------
    model : nn.Module
        In evaluation mode.
    classes : list of str
        In the order of the logits.

    Raises
    ------
    LabError
        If the file is damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            notes = json.loads(file.metadata()["notes"])
        state = safetensors.torch.load_file(path)
        classes = notes["classes"]
        model = build_resnet(len(classes), seed=0, variant=notes["variant"])
        model.load_state_dict(state)
    except (SafetensorError, RuntimeError, ValueError, LookupError, TypeError) as why:
        raise LabError(f"{path}: damaged; delete it and run again") from why
    return model.eval(), classes
