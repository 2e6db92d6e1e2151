"""Weights of a trained network in one file with notes on how to build it again."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open

from lesionlab.errors import LabError
from lesionlab.files import atomic_path


def save_noted(
    path: Path, weights: Mapping[str, torch.Tensor], notes: Mapping[str, Any]
) -> None:
    """Write weights with notes.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file to replace.
    weights : Mapping of Tensor
        The state dict, on any device.
    notes : Mapping
        JSON-able.
    """
    # one entry: several would be written in an order that changes from time to time
    metadata = {"notes": json.dumps(notes)}
    whole = {name: value.cpu().contiguous() for name, value in weights.items()}
    with atomic_path(path) as draft:
        # save_file would make a file that its owner alone can read
        draft.write_bytes(safetensors.torch.save(whole, metadata=metadata))


@contextmanager
def open_noted(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, torch.Tensor]]]:
    """Read what :func:`save_noted` wrote, and build a network of it in the block.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file.

    Yields
    ------
    notes : dict
        What was noted.
    weights : dict of Tensor
        On the CPU.

    Raises
    ------
    LabError
        If the file is damaged, or the block cannot build a network of what it holds.
    """
    try:
        with safe_open(path, "pt") as file:
            notes = json.loads(file.metadata()["notes"])
        yield notes, safetensors.torch.load_file(path)
    except (SafetensorError, RuntimeError, ValueError, LookupError, TypeError) as why:
        raise LabError(f"{path}: damaged; delete it and run again") from why
