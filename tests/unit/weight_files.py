"""Small files of weights, and how each is refused: alike before the run and in it."""

from collections import OrderedDict
from functools import cache, partial

import pytest
import torch

from lesionlab.errors import LabError
from lesionlab.networks.initial import load_initial_weights
from lesionlab.networks.network import Architecture, build_network
from lesionlab.weights.file import inspect_weights
from lesionlab.weights.names import resnet50_names


def small(prefix="", names=None):
    """Weights of the right names and of no size."""
    names = resnet50_names() if names is None else names
    return OrderedDict((prefix + name, torch.zeros(1)) for name in sorted(names))


def fresh():
    """A new ResNet-50, to load weights into."""
    return build_network(Architecture(), 3, seed=1)


@cache
def network():
    """A ResNet-50 that no test changes."""
    return fresh()


def refuse(path):
    """Refuse a file, alike before the run and when it is loaded; give the reason."""
    reasons = []
    for refuses in (inspect_weights, partial(load_initial_weights, network())):
        with pytest.raises(LabError) as why:
            refuses(path)
        reasons.append(str(why.value))
    first, second = reasons
    assert first == second
    assert "\n" not in first
    start = f"{path}: "
    assert first.startswith(start)
    return first.removeprefix(start)
