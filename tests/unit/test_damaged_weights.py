"""Damaged and useless weights: refused in a line, never a traceback."""

import hashlib
import io
import json
import os
import random
import zipfile
from functools import cache, partial
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

import predict_classes
from lesionlab.errors import LabError
from lesionlab.networks.initial import load_initial_weights
from lesionlab.networks.network import Architecture, load_model, save_model
from lesionlab.networks.resnet import build_resnet
from lesionlab.training.pictures import IMAGENET
from lesionlab.weights.file import check_intact, inspect_weights
from unit.weight_files import fresh, network, refuse, small

MUTATIONS = 100  # of each kind


@pytest.fixture(scope="module")
def state():
    """State dict of torchvision's ResNet-50, 1000 classes."""
    return build_resnet(1000, seed=9).state_dict()


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
        load_initial_weights(fresh(), path)


def test_the_checksum_beside_the_file_is_compared(state, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.torch.save(state))
    facts = path.with_suffix(".json")
    facts.write_text(json.dumps({"variant": "v1.5", "sha256": "0" * 64}))
    with pytest.raises(LabError, match=r"SHA-256 is not the one in .*w\.json: damaged"):
        load_initial_weights(fresh(), path)
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    for spelt in (known, known.upper()):
        facts.write_text(json.dumps({"variant": "v1.5", "sha256": spelt}))
        check_intact(path)
    facts.write_text("[]")
    with pytest.raises(LabError, match=r"w\.json: no readable JSON object; mend it or"):
        check_intact(path)


def test_weights_of_another_width_or_without_numbers_are_named(state, tmp_path):
    model, path = fresh(), tmp_path / "w.safetensors"
    for value, reason in (
        (torch.zeros(64, 1, 7, 7), r"conv1\.weight is \(64, 1, 7, 7\), not \(64, 3,"),
        (torch.full((64, 3, 7, 7), torch.nan), "conv1.weight holds a value that is no"),
    ):
        path.write_bytes(safetensors.torch.save({**state, "conv1.weight": value}))
        with pytest.raises(LabError, match=reason):
            load_initial_weights(model, path)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_damaged_model_of_a_run_is_one_line(tmp_path, share):
    path = tmp_path / "model.safetensors"
    state = build_resnet(2, seed=1).state_dict()
    built = {"architecture": Architecture(), "scale": IMAGENET}
    save_model(path, state, **built, classes=["a", "b"])
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(LabError, match=r"model\.safetensors: damaged; delete it and"):
        load_model(path)
    with pytest.raises(LabError, match="damaged"):
        predict_classes.main(SimpleNamespace(model=path), options={"threads": 1})


USELESS = [
    (
        {"conv1.weight": torch.zeros(64, 3, 7, 7, dtype=torch.int8)},
        "conv1.weight holds numbers of kind I8; save the weights as float32",
    ),
    (
        {"layer1.0.conv2.weight": torch.zeros(64, 64, 3, 3)},
        "layer1.0.conv2.weight is a convolution of zeros alone; take sound weights",
    ),
    (
        {"bn1.running_var": torch.full((64,), -0.1)},
        "bn1.running_var holds a variance below zero; take sound weights",
    ),
    (
        {"bn1.bias": torch.full((64,), 1e300, dtype=torch.float64)},
        "bn1.bias holds a value that is no number; take sound weights",
    ),
]


@pytest.mark.parametrize(("change", "line"), USELESS)
def test_weights_that_are_of_no_use_are_named(state, tmp_path, change, line):
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors.torch.save({**state, **change}))
    with pytest.raises(LabError) as why:
        load_initial_weights(fresh(), path)
    assert str(why.value) == f"{path}: {line}"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_other_precision_are_taken(state, tmp_path, dtype):
    path, model = tmp_path / "w.safetensors", fresh()
    floats = {n: v.to(dtype) if v.is_floating_point() else v for n, v in state.items()}
    path.write_bytes(safetensors.torch.save(floats))
    load_initial_weights(model, path)
    weight = model.module.conv1.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, floats["conv1.weight"].to(torch.float32))


@cache
def saved(**options):
    """Bytes of a small .pth file."""
    stream = io.BytesIO()
    torch.save(small(), stream, **options)
    return stream.getvalue()


def mutant(content, draw):
    """Bytes of which some were changed, left out or doubled."""
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 8])):
        place = draw.randrange(len(changed))
        # where a file begins and ends it says what it is
        place = draw.choice([place, place % 200, -1 - place % 200])
        match draw.randrange(4):
            case 0:
                changed[place] = draw.randrange(256)
            case 1:
                changed[place] ^= 1 << draw.randrange(8)
            case 2:
                del changed[place : place + draw.choice([1, 4, 1000])]
            case 3:
                changed[place:place] = changed[place : place + draw.choice([1, 8])]
    return bytes(changed)


def with_mutant_pickle(content, draw):
    """An archive with sound checksums, but for what it says of its tensors."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as z:
        for name in old.namelist():
            part = old.read(name)
            z.writestr(name, mutant(part, draw) if name.endswith(".pkl") else part)
    return stream.getvalue()


MUTANTS = {
    "archive": lambda draw: mutant(saved(), draw),
    "pickle in an archive": lambda draw: with_mutant_pickle(saved(), draw),
    "old file": lambda draw: mutant(saved(_use_new_zipfile_serialization=False), draw),
    "safetensors": lambda draw: mutant(safetensors.torch.save(dict(small())), draw),
}


def read(path):
    """Read a file before a run and in it; give what is said of it, if anything is."""
    said = []
    for reads in (inspect_weights, partial(load_initial_weights, network())):
        try:
            reads(path)
        except LabError as why:
            said.append(str(why))
    return said


@pytest.mark.parametrize("kind", MUTANTS)
def test_no_damage_ends_in_a_traceback(tmp_path, kind):
    """A mutant is taken or refused, in one line, by whoever reads it."""
    draw, path, said = random.Random(7), tmp_path / "w.pth", []
    for _ in range(MUTATIONS):
        path.write_bytes(MUTANTS[kind](draw))
        said += read(path)
    assert len(said) > MUTATIONS
    assert all(line.startswith(f"{path}: ") for line in said)
    assert not any("\n" in line for line in said)
