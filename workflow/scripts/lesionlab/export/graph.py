"""Write a network as ONNX, and see that it computes the same."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from lesionlab.errors import LabError, first_line
from lesionlab.files import atomic_path

INPUT = "photographs"
TOLERANCE = 1e-3  # of a probability; float32 sums in another order stay far below


def export(
    network: nn.Module, path: Path, pixels: np.ndarray, *, outputs: Sequence[str]
) -> float:
    """Write a network as ONNX with any number of photographs at once.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode; uint8 (N, H, W, 3) to a tensor, or several.
    path : Path
        The ``.onnx`` file to replace.
    pixels : ndarray of uint8, shape (N, H, W, 3)
        At least two photographs, on which both are compared.
    outputs : sequence of str
        Names of what the network gives.

    Returns
    -------
    float
        The largest difference of the first output.

    Raises
    ------
    LabError
        If the network cannot be written as ONNX, or computes something else then.
    """
    shown = torch.from_numpy(np.ascontiguousarray(pixels))
    # first, since what the network caches while it is traced is no number
    with torch.inference_mode():
        made = network(shown)
    expected = (made if isinstance(made, torch.Tensor) else made[0]).numpy()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter, about its own insides
            program = torch.onnx.export(
                network,
                (shown[:2],),
                dynamo=True,
                verbose=False,
                input_names=[INPUT],
                output_names=list(outputs),
                dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            )
    except torch.onnx.OnnxExporterError as why:
        raise LabError(
            f"{path}: this network cannot be written as ONNX ({first_line(why)})"
        ) from why
    assert program is not None  # without `f` the exporter gives it back
    with atomic_path(path) as draft:
        program.save(draft)
        session = onnxruntime.InferenceSession(draft)
        computed = session.run(None, {INPUT: pixels})[0]
        difference = float(np.abs(computed - expected).max())
        if not difference <= TOLERANCE:
            raise LabError(
                f"{path}: as ONNX the network differs by {difference:.2g} on "
                f"{len(pixels)} photographs; report it with your config"
            )
    logging.info("%s: largest difference %.2g", path.name, difference)
    return difference
