"""Weights that are wrapped, or those of another network: the likely kind is named."""

import argparse
import pathlib
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch

from lesionlab.weights.names import resnet50_names
from unit.weight_files import refuse, small

DATA_PARALLEL = (
    "saved from DataParallel, its names begin with 'module.'; save "
    "model.module.state_dict() instead"
)
LIGHTNING = (
    "a Lightning checkpoint; save the weights in its 'state_dict' alone, without the "
    "prefix of their names"
)
OTHER_NETWORKS = [
    (small("module."), DATA_PARALLEL),
    ({"state_dict": small("module."), "epoch": 90, "arch": "resnet50"}, DATA_PARALLEL),
    ({"state_dict": small("model."), "pytorch-lightning_version": "2.5"}, LIGHTNING),
    ({"state_dict": small("net."), "epoch": 3}, LIGHTNING),
    (
        {"state_dict": small(), "epoch": 3},
        "a checkpoint of a training; save what it holds as 'state_dict' alone",
    ),
    (
        {"model": small(), "optimizer": {"param_groups": []}},
        "a checkpoint of a training; save what it holds as 'model' alone",
    ),
    (small("trunk."), "its names begin with 'trunk.'; save the weights without it"),
    (
        small(names={"layer1.0.conv1.weight", "conv1.weight"}),
        "the weights of a ResNet-18 or -34, not of a ResNet-50",
    ),
    (
        small(names=resnet50_names() | {"layer3.22.conv1.weight"}),
        "the weights of a ResNet-101, not of a ResNet-50",
    ),
    (
        small(names={"cls_token", "patch_embed.proj.weight"}),
        "the weights of a Vision Transformer, not of a ResNet-50",
    ),
    (
        small(names={"conv_stem.weight", "blocks.0.0.conv_dw.weight"}),
        "the weights of an EfficientNet or MobileNet of timm, not of a ResNet-50",
    ),
    (
        small(names=resnet50_names() - {"layer2.0.downsample.0.weight"}),
        "not the weights of a ResNet-50: 1 of 265 are missing, the first is "
        "layer2.0.downsample.0.weight",
    ),
    (torch.zeros(3), "not the weights of a ResNet-50: 265 of 265 are missing, the"),
    ([1, 2], "not the weights of a ResNet-50: 265 of 265 are missing, the"),
    ({1: torch.zeros(3)}, "not the weights of a ResNet-50: 265 of 265 are missing"),
]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(("content", "reason"), OTHER_NETWORKS)
def test_weights_of_another_network_are_named(tmp_path, content, reason, zipped):
    path = tmp_path / "w.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    assert refuse(path).startswith(reason)


def test_names_are_read_from_safetensors_too(tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.torch.save(dict(small("module."))))
    assert refuse(path) == DATA_PARALLEL


WRAPPERS = [
    *("ema", "state_dict_ema", "student", "teacher", "network", "params", "backbone"),
    *("model_state_dict", "a name that nobody foresaw"),
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_weights_wrapped_under_any_name_are_found(tmp_path, wrapper):
    path = tmp_path / "w.pth"
    torch.save({wrapper: small(), "optimizer": {"state": {0: {"a": 1}}}}, path)
    line = f"a checkpoint of a training; save what it holds as {wrapper!r} alone"
    assert refuse(path) == line
    torch.save({wrapper: small("encoder.")}, path)
    assert refuse(path) == f"{line}, without 'encoder.' before its names"


def test_weights_in_a_list_or_deeper_are_found(tmp_path):
    path = tmp_path / "w.pth"
    start = "a checkpoint of a training; save what it holds as"
    torch.save([small(), {"epoch": 3}], path)
    assert refuse(path) == f"{start} '0' alone"
    torch.save({"run": {"net": small()}}, path)
    assert refuse(path) == f"{start} 'run/net' alone"
    # which of both is meant, nothing tells
    torch.save({"student": small("a."), "teacher": small()}, path)
    assert refuse(path).startswith(start)


def test_a_wrapped_state_dict_is_named_though_more_than_weights_is_beside_it(tmp_path):
    path = tmp_path / "w.pth"
    setup = argparse.Namespace(lr=0.1)
    torch.save({"model": small(), "args": setup, "epoch": 90}, path)
    assert refuse(path) == (
        "a checkpoint of a training; save what it holds as 'model' alone (as it is: "
        "refused, loading it would run argparse.Namespace)"
    )
    parameters = {"root": pathlib.Path("data"), "loss": torch.nn.CrossEntropyLoss()}
    mark = {"pytorch-lightning_version": "2.5", "hyper_parameters": parameters}
    torch.save({"state_dict": small("model."), **mark}, path)
    assert refuse(path).startswith(f"{LIGHTNING} (as it is: refused, ")


def test_what_stands_beside_the_weights_is_named(tmp_path):
    path = tmp_path / "w.pth"
    for beside, named in (
        ({"last_linear.weight": torch.zeros(1)}, "last_linear.weight"),
        (
            {"classifier.weight": torch.zeros(1), "classifier.bias": torch.zeros(1)},
            "classifier.weight and 1 more",
        ),
        ({"epoch": 3, "optimizer": {"state": {}}}, "epoch and 1 more"),
    ):
        torch.save({**small(), **beside}, path)
        assert refuse(path) == (
            f"beside the weights of a ResNet-50 it holds {named}; save a state dict "
            "without that"
        )


def test_arrays_that_are_not_of_torch_are_named(tmp_path):
    path = tmp_path / "w.pth"
    arrays = {name: np.zeros(1) for name in resnet50_names()}
    torch.save(arrays, path)
    assert refuse(path) == (
        "bn1.bias is no tensor of torch; save a state dict of tensors"
    )
    path.write_bytes(pickle.dumps(arrays))
    assert refuse(path) == (
        "a pickle that torch.save did not write; save a state dict with torch.save "
        "instead"
    )


@pytest.mark.parametrize("dtype", [torch.int8, torch.complex64, torch.float8_e4m3fn])
def test_numbers_of_a_useless_kind_are_named(tmp_path, dtype):
    wrong = {**small(), "conv1.weight": torch.zeros(1).to(dtype)}
    for path in (tmp_path / "w.pth", tmp_path / "w.safetensors"):
        if path.suffix == ".pth":
            torch.save(wrong, path)
        else:
            path.write_bytes(safetensors.torch.save(wrong))
        reason = refuse(path)
        assert reason.startswith("conv1.weight holds numbers of kind ")
        assert reason.endswith("; save the weights as float32")


def test_content_that_holds_itself_is_read_once(tmp_path):
    path = tmp_path / "w.pth"
    content = [1]
    for _ in range(50):
        content = [content] * 50
    torch.save({"a": content, "model": small()}, path)
    assert refuse(path).startswith("a checkpoint of a training; save what it holds as")
