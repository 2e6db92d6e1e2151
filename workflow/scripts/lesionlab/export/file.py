"""Write networks as ONNX with their weights, and see that they compute the same."""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_ir as ir
import torch
from torch import nn

from lesionlab.errors import LabError
from lesionlab.export.graph import INPUT, fits, trace_graph
from lesionlab.export.runtime import onnxruntime
from lesionlab.files import atomic_path

TOLERANCE = 1e-3  # of a probability; float32 sums in another order stay far below
OWN = "network."  # how the names of a wrapped network's weights begin


@dataclass(frozen=True)
class Wanted:
    """A network to write.

    Parameters
    ----------
    path : Path
        The ``.onnx`` file to replace.
    network : nn.Module
        Of :mod:`lesionlab.export.networks`, in evaluation mode.
    pixels : ndarray of uint8, shape (N, H, W, 3)
        Two photographs or more, on which both are compared.
    weights : Path or None
        A ``.safetensors`` file in the same folder that holds the network's weights: the
        ``.onnx`` file then points into it and repeats none of them.
    """

    path: Path
    network: nn.Module
    pixels: np.ndarray
    weights: Path | None


@dataclass(frozen=True)
class Written:
    """What a written network computes.

    Parameters
    ----------
    computed : ndarray of float32, shape (N, ...)
        Its first output, of the photographs on which it was compared.
    difference : float
        The largest, from the network itself.
    """

    computed: np.ndarray
    difference: float


def write_networks(
    networks: Iterable[Wanted], *, title: str, outputs: Sequence[str]
) -> Iterator[Written]:
    """Write networks that differ in their weights: only the first one is traced.

    Parameters
    ----------
    networks : iterable of Wanted
        Each is asked for when it is its turn.
    title : str
        Of the networks, for people.
    outputs : sequence of str
        Names of what they give.

    Yields
    ------
    Written
        One a network.

    Raises
    ------
    LabError
        If a network cannot be written as ONNX, or computes something else then.
    """
    graph = None
    for wanted in networks:
        written = None
        if graph is not None and fits(graph, wanted.network):
            written = _write(wanted, graph)
        # of one kind, and yet another one: it is traced by itself
        if written is None or not written.difference <= TOLERANCE:
            graph = trace_graph(
                wanted.network, wanted.pixels, title=title, outputs=outputs
            )
            written = _write(wanted, graph)
        if not written.difference <= TOLERANCE:
            wanted.path.unlink()
            raise LabError(
                f"{wanted.path}: as ONNX {title} differs by {written.difference:.2g} "
                f"on {len(wanted.pixels)} photographs; report it with your config"
            )
        logging.info("%s: largest difference %.2g", wanted.path, written.difference)
        yield written


def _write(wanted: Wanted, graph: ir.Model) -> Written:
    state = wanted.network.state_dict()
    places = _list_places(wanted.weights) if wanted.weights else {}
    for name, value in graph.graph.initializers.items():
        if name not in state:
            continue
        array, place = state[name].numpy(), places.get(name.removeprefix(OWN))
        value.const_value = ir.tensor(array, name=name)
        if wanted.weights and place and array.dtype == np.float32:
            value.const_value = ir.ExternalTensor(
                wanted.weights.name,
                *place,
                ir.DataType.FLOAT,
                shape=ir.Shape(array.shape),
                name=name,
                base_dir=wanted.weights.parent,
            )
    with atomic_path(wanted.path) as draft:
        ir.save(graph, draft)
    return _compare(wanted)


def _list_places(path: Path) -> dict[str, tuple[int, int]]:
    """Where a safetensors file holds each float32 tensor: first byte and length."""
    with path.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(size))
    places = {}
    for name, about in header.items():
        if about.get("dtype") == "F32":
            first, end = about["data_offsets"]
            places[name] = (8 + size + first, end - first)
    return places


def _compare(wanted: Wanted) -> Written:
    """Compute one photograph alone and the others together, in both ways."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1  # sums depend on it
    session = onnxruntime.InferenceSession(
        wanted.path, settings, providers=["CPUExecutionProvider"]
    )
    parts = (wanted.pixels[:1], wanted.pixels[1:])
    computed = np.concatenate([session.run(None, {INPUT: part})[0] for part in parts])
    with torch.inference_mode():
        made = wanted.network(torch.from_numpy(np.ascontiguousarray(wanted.pixels)))
    expected = (made if isinstance(made, torch.Tensor) else made[0]).numpy()
    return Written(computed, float(np.abs(computed - expected).max()))
