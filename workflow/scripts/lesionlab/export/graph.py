"""Trace a network once for all of its kind: a graph whose weights are names."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import onnx_ir as ir
import torch
from onnx_ir.passes.common import ClearMetadataAndDocStringPass
from onnxscript import optimizer
from torch import nn

from lesionlab.errors import LabError, first_line

INPUT = "photographs"
TALKATIVE = ("onnx_ir", "onnxscript", "torch.onnx")


def trace_graph(
    network: nn.Module, pixels: np.ndarray, *, title: str, outputs: Sequence[str]
) -> ir.Model:
    """Trace what a network computes, for any number of photographs at once.

    That takes far longer than all else, so it is done once for networks that differ in
    their weights alone: nothing that is simplified here rests on a weight.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode; uint8 (N, H, W, 3) to a tensor, or several.
    pixels : ndarray of uint8, shape (N, H, W, 3)
        Two photographs or more.
    title : str
        Of the network, for people.
    outputs : sequence of str
        Names of what the network gives.

    Returns
    -------
    ir.Model
        Weights are initializers under their names in the network's state dict.

    Raises
    ------
    LabError
        If the network cannot be written as ONNX.
    """
    shown = torch.from_numpy(np.ascontiguousarray(pixels[:2]))
    with torch.inference_mode():
        network(shown)  # what it caches while it is traced would be no number
    try:
        with _hush():
            program = torch.onnx.export(
                network,
                (shown,),
                dynamo=True,
                verbose=False,
                optimize=False,
                input_names=[INPUT],
                output_names=list(outputs),
                dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            )
            assert program is not None  # without `f` the exporter gives it back
            _simplify(program.model, set(network.state_dict()))
    except torch.onnx.OnnxExporterError as why:
        raise LabError(
            f"{title} cannot be written as ONNX ({_first_reason(why)}); choose another "
            "network, or ask for the report alone, results/<run>/report.html"
        ) from why
    return program.model


def _simplify(model: ir.Model, names: set[str]) -> None:
    """Simplify a graph while its weights are inputs, whose values nobody knows."""
    graph = model.graph
    weights = {
        name: graph.initializers[name] for name in sorted(names & {*graph.initializers})
    }
    values = {name: weight.const_value for name, weight in weights.items()}
    given = len(graph.inputs)
    for name, weight in weights.items():
        del graph.initializers[name]
        weight.const_value = None
        graph.inputs.append(weight)
    optimizer.optimize(model)
    del graph.inputs[given:]
    for name, weight in weights.items():
        weight.const_value = values[name]
        graph.register_initializer(weight)
    # the places in our code where a node comes from
    ClearMetadataAndDocStringPass()(model)


def fits(model: ir.Model, network: nn.Module) -> bool:
    """Say whether a graph may be that of a network: weights of its names and shapes."""
    state = network.state_dict()
    shapes = {
        name: tuple(value.const_value.shape.numpy())
        for name, value in model.graph.initializers.items()
        if name in state and value.const_value is not None
    }
    return bool(shapes) and all(tuple(state[n].shape) == s for n, s in shapes.items())


@contextmanager
def _hush() -> Iterator[None]:
    """Keep what the exporter says about its own insides out of the log."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _first_reason(why: BaseException) -> str:
    """First line of the error at the root of others."""
    while why.__cause__ is not None:
        why = why.__cause__
    return first_line(why)
