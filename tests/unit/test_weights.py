"""Files of weights: told from their bytes, and nothing in them is ever run."""

import gzip
import hashlib
import json
import os
import pickle
import tarfile
import zipfile
from collections import OrderedDict
from functools import cache, partial
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import safetensors.torch
import torch

import predict_classes
from lesionlab.classification.network import (
    build_resnet,
    load_initial_weights,
    load_model,
    save_model,
)
from lesionlab.errors import LabError
from lesionlab.weights.file import inspect_weights
from lesionlab.weights.names import COUNTER, resnet50_names

POINTER = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 102540417\n"
)
PAGE = b"\n<!DOCTYPE html><html><body>Sign in to download</body></html>"


class Payload:
    """Makes a file where it is loaded by pickle."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


@pytest.fixture(scope="module")
def state():
    """State dict of torchvision's ResNet-50, 1000 classes."""
    return build_resnet(1000, seed=9).state_dict()


def small(prefix="", names=None):
    """Weights of the right names and of no size."""
    names = resnet50_names() if names is None else names
    return OrderedDict((prefix + name, torch.zeros(1)) for name in sorted(names))


@cache
def network():
    """A ResNet-50 that no test changes."""
    return build_resnet(3, seed=1)


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


def test_the_names_are_those_of_torchvision(state):
    body = {n for n in state if not n.startswith("fc.") and not n.endswith(COUNTER)}
    assert resnet50_names() == body


OTHER_KINDS = [
    ("empty", b"", "empty; download the weights again"),
    ("zeros", bytes(4096), "nothing but zeros; download the weights again"),
    ("pointer", POINTER, "a Git LFS pointer, not the file; run: git lfs pull"),
    ("page", PAGE, "a web page, not the file; download the file itself"),
    ("answer", b'{"message": "not found"}', "JSON, perhaps what a server answered;"),
    ("gzip", gzip.compress(b"weights"), "packed by gzip; unpack it"),
    ("text", b"not weights", "no format of weights that is known; name a .pth or"),
]


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [kind[1:] for kind in OTHER_KINDS],
    ids=[kind[0] for kind in OTHER_KINDS],
)
def test_what_is_no_file_of_weights_is_named(tmp_path, content, reason, suffix):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    assert refuse(path).startswith(reason)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert refuse(tmp_path / "none.pth") == (
        "no readable weights (No such file or directory)"
    )
    assert refuse(tmp_path) == "no readable weights (Is a directory)"


def test_files_of_keras_are_named(tmp_path):
    with h5py.File(tmp_path / "w.pth", "w") as file:
        file["layers/conv/vars/0"] = np.zeros(3)
    assert refuse(tmp_path / "w.pth").startswith("a file of Keras (HDF5); name a state")
    with zipfile.ZipFile(tmp_path / "w.keras", "w") as file:
        file.writestr("model.weights.h5", b"")
    assert refuse(tmp_path / "w.keras").startswith("a file of Keras; name a state dict")


def test_other_archives_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as file:
        file.writestr("resnet50.pth", b"")
    assert refuse(tmp_path / "a.pth") == (
        "a zip archive; unpack it and name the file in it"
    )
    with tarfile.open(tmp_path / "b.pth.tar", "w") as file:
        file.add(tmp_path / "a.pth", "a.pth")
    assert refuse(tmp_path / "b.pth.tar").startswith("a tar archive; unpack it")
    np.savez(tmp_path / "c.npz", a=np.zeros(3))
    assert refuse(tmp_path / "c.npz").startswith("arrays of NumPy; save a state dict")
    with zipfile.ZipFile(tmp_path / "d.pt", "w") as file:
        file.writestr("d/data.pkl", b"")
        file.writestr("d/code/__torch__.py", b"")
    assert refuse(tmp_path / "d.pt").startswith("a TorchScript archive; save the net")


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


def test_a_whole_pickled_model_is_refused(tmp_path):
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 2)), tmp_path / "w.pth")
    reason = refuse(tmp_path / "w.pth")
    assert reason.startswith("refused, a whole pickled model (torch.nn.modules.")
    assert reason.endswith("save its state_dict() instead")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_code_is_refused_and_never_run(tmp_path, protocol):
    mark = tmp_path / "it-ran"
    evil = Payload(mark)
    plain, inside = tmp_path / "plain.pth", tmp_path / "inside.pth"
    plain.write_bytes(pickle.dumps(evil, protocol))
    torch.save({**small(), "fc.bias": evil}, inside, pickle_protocol=max(2, protocol))
    for path in (plain, inside):
        if path is plain and protocol < 2:
            # such a pickle is text: no format that torch would have written
            assert refuse(path).startswith("no format of weights that is known")
        else:
            assert refuse(path).startswith(
                f"refused, loading it would run {os.system.__module__}.system; take "
                "weights that you trust"
            )
    assert not mark.exists()
    pickle.loads(plain.read_bytes())
    assert mark.exists()  # the payload is a true one


def test_what_hides_from_the_inspection_is_refused_by_torch(tmp_path, monkeypatch):
    mark = tmp_path / "it-ran"
    path = tmp_path / "w.pth"
    torch.save({**small(), "fc.bias": Payload(mark)}, path)
    monkeypatch.setattr(
        "lesionlab.classification.network.inspect_weights", lambda *_: "torch"
    )
    with pytest.raises(LabError, match=r"w\.pth: refused, it holds more than weights"):
        load_initial_weights(network(), path)
    assert not mark.exists()


@pytest.mark.parametrize("share", [0.2, 0.999])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_cut_short_is_named(tmp_path, share, suffix):
    path = tmp_path / f"w{suffix}"
    if suffix == ".pth":
        torch.save(small(), path)
    else:
        path.write_bytes(safetensors.torch.save(dict(small())))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert refuse(path) == "cut short or damaged; download the weights again"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_flipped_bit_is_found_by_the_checksums_of_the_archive(state, tmp_path, share):
    path = tmp_path / "w.pth"
    torch.save(state, path)
    with path.open("r+b") as file:
        file.seek(int(share * path.stat().st_size))
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 4]))
    with pytest.raises(LabError, match=r"w\.pth: damaged at .*; download the weights"):
        load_initial_weights(build_resnet(3, seed=1), path)


def test_the_checksum_beside_the_file_is_compared(state, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.torch.save(state))
    facts = path.with_suffix(".json")
    facts.write_text(json.dumps({"variant": "v1.5", "sha256": "0" * 64}))
    with pytest.raises(LabError, match=r"SHA-256 is not the one in .*w\.json: damaged"):
        load_initial_weights(build_resnet(3, seed=1), path)
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    facts.write_text(json.dumps({"variant": "v1.5", "sha256": known}))
    load_initial_weights(build_resnet(3, seed=1), path)


def test_weights_of_another_width_or_without_numbers_are_named(state, tmp_path):
    model, path = build_resnet(3, seed=1), tmp_path / "w.safetensors"
    for value, reason in (
        (torch.zeros(64, 1, 7, 7), r"conv1\.weight is \(64, 1, 7, 7\), not \(64, 3,"),
        (torch.full((64, 3, 7, 7), torch.nan), "conv1.weight holds a value that is no"),
    ):
        path.write_bytes(safetensors.torch.save({**state, "conv1.weight": value}))
        with pytest.raises(LabError, match=reason):
            load_initial_weights(model, path)


def test_the_name_of_the_file_does_not_matter_and_old_files_are_taken(state, tmp_path):
    model = build_resnet(3, seed=1)
    old = {n: v for n, v in state.items() if not n.endswith(COUNTER)}
    torch.save(old, tmp_path / "a.safetensors", _use_new_zipfile_serialization=False)
    load_initial_weights(model, tmp_path / "a.safetensors")
    assert torch.equal(model.conv1.weight, state["conv1.weight"])
    model = build_resnet(3, seed=1)
    (tmp_path / "b.pth").write_bytes(safetensors.torch.save(state))
    load_initial_weights(model, tmp_path / "b.pth")
    assert torch.equal(model.conv1.weight, state["conv1.weight"])


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_model_of_a_run_is_one_line(tmp_path, share):
    path = tmp_path / "model.safetensors"
    state = build_resnet(2, seed=1).state_dict()
    save_model(path, state, variant="v1", classes=["a", "b"])
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(LabError, match=r"model\.safetensors: damaged; delete it and"):
        load_model(path)
    with pytest.raises(LabError, match="damaged"):
        predict_classes.main(SimpleNamespace(model=path), options={"threads": 1})
