"""Files of weights: told from their bytes, and nothing in them is ever run."""

import gzip
import os
import pickle
import tarfile
import zipfile

import h5py
import numpy as np
import pytest
import safetensors.torch
import torch

from lesionlab.errors import LabError
from lesionlab.networks.initial import load_initial_weights
from lesionlab.networks.resnet import build_resnet
from lesionlab.weights.file import check_named_file
from lesionlab.weights.names import COUNTER, resnet50_names
from unit.weight_files import fresh, network, refuse, small

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


def test_a_name_in_a_config_that_is_no_files_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "{w}.pth").touch()
    for name, line in (
        ("~/w.pth", f"~/w.pth: ~ is not replaced; write {tmp_path}/w.pth"),
        (str(tmp_path), f"{tmp_path}: a folder; name the file of weights in it"),
        ("none.pth", "none.pth: no such file; name one, or imagenet, package or none"),
        (
            f"{tmp_path}/{{w}}.pth",
            f"{tmp_path}/{{w}}.pth: Snakemake takes braces for the marks of a "
            "wildcard; rename it",
        ),
    ):
        with pytest.raises(LabError) as why:
            check_named_file(name)
        assert str(why.value) == line


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
        "lesionlab.networks.initial.inspect_weights", lambda *_: "torch"
    )
    with pytest.raises(LabError, match=r"w\.pth: refused, it holds more than weights"):
        load_initial_weights(network(), path)
    assert not mark.exists()


def test_the_name_of_the_file_does_not_matter_and_old_files_are_taken(state, tmp_path):
    own = fresh()
    old = {n: v for n, v in state.items() if not n.endswith(COUNTER)}
    torch.save(old, tmp_path / "a.safetensors", _use_new_zipfile_serialization=False)
    load_initial_weights(own, tmp_path / "a.safetensors")
    assert torch.equal(own.module.conv1.weight, state["conv1.weight"])
    own = fresh()
    (tmp_path / "b.pth").write_bytes(safetensors.torch.save(state))
    load_initial_weights(own, tmp_path / "b.pth")
    assert torch.equal(own.module.conv1.weight, state["conv1.weight"])
