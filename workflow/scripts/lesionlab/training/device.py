"""Where a classifier computes, how its sums are ordered and how precise they are."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn


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


def place_model(model: nn.Module, device: torch.device) -> nn.Module:
    """Move a model to the device, channels last: the faster layout on both kinds."""
    placed: nn.Module = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return placed


def fast_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Compute in bfloat16 on a GPU; on a CPU, where it is many times slower, not."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
