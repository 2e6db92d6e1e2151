"""Where a network computes on torch, in which order it sums and how precisely."""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from lesionlab.errors import LabError

GB = 1e9


def pick_device(threads: int) -> torch.device:
    """Take the GPU where there is one; make sums repeatable, or raise where that fails.

    Parameters
    ----------
    threads : int
        CPU threads; sums depend on it.

    Returns
    -------
    torch.device
        ``cuda`` or ``cpu``.
    """
    # cuBLAS reads it when it starts, and is not repeatable without
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def place_pictures(
    arrays: Sequence[np.ndarray], device: torch.device, *, key: str
) -> list[torch.Tensor]:
    """Move a set of pictures to the device, where it stays while a network learns.

    Parameters
    ----------
    arrays : sequence of ndarray
        Pictures, and what belongs to them.
    device : torch.device
        Of the training.
    key : str
        Key of the config that makes them smaller.

    Returns
    -------
    list of Tensor

    Raises
    ------
    LabError
        If the device has not the memory.
    """
    if device.type == "cuda":
        wanted = sum(array.nbytes for array in arrays)
        free, whole = torch.cuda.mem_get_info(device)
        if wanted > free:
            raise LabError(
                f"{len(arrays[0])} pictures of {wanted / GB:.1f} GB do not fit the "
                f"GPU, of whose {whole / GB:.1f} GB {free / GB:.1f} are free; lower "
                f"{key} or the sizes in split, or run fewer trainings on it at once"
            )
    return [torch.from_numpy(array).to(device) for array in arrays]


def place_model(model: nn.Module, device: torch.device) -> nn.Module:
    """Move a model to the device, channels last: the faster layout on both kinds."""
    placed: nn.Module = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed


def fast_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Compute in bfloat16 on a GPU; on a CPU, where it is many times slower, not."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
