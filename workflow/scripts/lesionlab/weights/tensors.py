"""The tensors of a file of weights, and whether a network could learn from them."""

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from lesionlab.errors import LabError, first_line
from lesionlab.weights.file import SAFETENSORS
from lesionlab.weights.names import COUNTER

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def read_tensors(path: Path, kind: str) -> Mapping[str, Any]:
    """Read a state dict.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        From :func:`~lesionlab.weights.file.inspect_weights`.

    Returns
    -------
    Mapping
        By name; on the CPU.

    Raises
    ------
    LabError
        If it cannot be read or holds anything else.
    """
    try:
        if kind == SAFETENSORS:
            return safetensors.torch.load_file(path)
        with warnings.catch_warnings(action="ignore"):  # of protocols of pickle
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as why:
        raise LabError(
            f"{path}: refused, it holds more than weights; save a state dict alone"
        ) from why
    except Exception as why:  # on damaged bytes it raises all kinds
        raise LabError(f"{path}: no readable weights ({first_line(why)})") from why
    if not isinstance(state, Mapping):
        raise LabError(
            f"{path}: a {type(state).__name__}, not a state dict; save one alone"
        )
    return state


def explain_useless(name: str, value: torch.Tensor) -> str:
    """Say why a network with these weights could not be trained any further.

    Parameters
    ----------
    name : str
        In its state dict.
    value : Tensor
        What stands there.

    Returns
    -------
    str
        For people; empty if nothing is wrong, and of counters.
    """
    if name.endswith(COUNTER):
        return ""
    if value.dtype not in FLOATS:
        return f"holds numbers of kind {str(value.dtype).removeprefix('torch.')}"
    if not torch.isfinite(value.to(torch.float32)).all():
        return "holds a value that is no number"
    if value.ndim == 4 and not value.any():
        return "is a convolution of zeros alone"
    if name.endswith("running_var") and (value < 0).any():
        return "holds a variance below zero"
    return ""
