"""Networks as ONNX: of any batch, each with its own weights, and the same as before."""

import logging
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from torch import nn

from lesionlab.errors import LabError
from lesionlab.export import file as writing
from lesionlab.export.file import Wanted, write_networks
from lesionlab.export.networks import Classifier, Segmenter
from lesionlab.export.runtime import onnxruntime
from lesionlab.training.pictures import IMAGENET

OUTPUTS = ["probabilities", "features"]
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 12, 12, 3), dtype=np.uint8)


class Small(nn.Module):
    """A classifier with what most have: convolution, norm, pooling, a head."""

    def __init__(self, seed, channels=4):
        super().__init__()
        torch.manual_seed(seed)
        self.convolution = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, 3)
        nn.init.uniform_(self.norm.running_mean)
        nn.init.uniform_(self.norm.running_var, 0.5, 2)

    def forward(self, pictures):
        seen = self.norm(self.convolution(pictures)).relu()
        return self.fc(seen.mean((2, 3)))


class Double(Small):
    """Of the same weights, and yet another network."""

    def forward(self, pictures):
        return 2 * super().forward(pictures)


class Choosy(Small):
    """One that looks at its numbers: no graph holds that."""

    def forward(self, pictures):
        if pictures.sum() > 0:
            return super().forward(pictures)
        return super().forward(pictures) * 2


def want(folder, network, *, flips=False, stored=True):
    """A network to write, and the file of its weights beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "model.safetensors" if stored else None
    if weights:
        weights.write_bytes(safetensors.torch.save(network.state_dict()))
    wrapped = Classifier(network, network.fc, IMAGENET, flips=flips).eval()
    return Wanted(folder / "classifier.onnx", wrapped, PIXELS, weights)


def write(*wanted, title="small"):
    return list(write_networks(wanted, title=title, outputs=OUTPUTS))


def run(path, pixels=PIXELS):
    return onnxruntime.InferenceSession(path).run(None, {"photographs": pixels})


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A written network; tracing is what takes long."""
    wanted = want(tmp_path_factory.mktemp("plain"), Small(1))
    write(wanted)
    return wanted


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """The same with the mean over mirror images."""
    wanted = want(tmp_path_factory.mktemp("mirrored"), Small(1), flips=True)
    write(wanted)
    return wanted


@pytest.fixture
def traced(monkeypatch):
    """How often a network was traced."""
    calls = []
    trace = writing.trace_graph

    def count(*arguments, **options):
        calls.append(options["title"])
        return trace(*arguments, **options)

    monkeypatch.setattr(writing, "trace_graph", count)
    return calls


def test_networks_of_a_kind_are_traced_once_and_keep_their_weights(tmp_path, traced):
    wanted = [want(tmp_path / str(seed), Small(seed)) for seed in (1, 2, 3)]
    written = write(*wanted)
    assert traced == ["small"]
    assert max(one.difference for one in written) < 1e-6
    spread = np.ptp([one.computed for one in written], axis=0)
    assert spread.max() > 0.01
    for one, of_file in zip(written, wanted, strict=True):
        with torch.inference_mode():
            p, features = of_file.network(torch.from_numpy(PIXELS))
        assert one.computed == pytest.approx(p.numpy(), abs=1e-6)
        assert run(of_file.path)[1] == pytest.approx(features.numpy(), abs=1e-5)


@pytest.mark.parametrize("other", [Double(2), Small(2, channels=6)])
def test_a_network_of_another_kind_is_traced_by_itself(tmp_path, traced, other):
    written = write(want(tmp_path / "1", Small(1)), want(tmp_path / "2", other))
    assert len(traced) == 2
    assert written[1].difference < 1e-6


def test_the_file_points_into_the_weights_and_repeats_none(plain, tmp_path):
    whole = want(tmp_path, Small(1), stored=False)
    write(whole)
    assert run(plain.path)[0] == pytest.approx(run(whole.path)[0])
    graph = onnx.load(plain.path, load_external_data=False).graph
    outside = {w.name for w in graph.initializer if w.external_data}
    names = set(Small(1).state_dict()) - {"norm.num_batches_tracked"}
    assert outside == {f"network.{name}" for name in names}
    alone = tmp_path / "alone.onnx"
    alone.write_bytes(plain.path.read_bytes())
    with pytest.raises(Exception, match=r"model\.safetensors"):
        run(alone)


def test_weights_outside_of_the_folder_are_not_read(plain, tmp_path):
    model = onnx.load(plain.path, load_external_data=False)
    for weight in model.graph.initializer:
        for entry in weight.external_data:
            if entry.key == "location":
                entry.value = "../model.safetensors"
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "model.safetensors").write_bytes(plain.weights.read_bytes())
    (inside / "network.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(Exception, match=r"escapes|outside|invalid"):
        run(inside / "network.onnx")


@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_number_of_photographs_goes_in(mirrored, count):
    p, features = run(mirrored.path, np.repeat(PIXELS[:1], count, axis=0))
    assert p.shape == (count, 3)
    assert features.shape == (count, 4)
    assert p.sum(axis=1) == pytest.approx(1)


def test_mirror_images_are_averaged(plain, mirrored):
    views = [run(plain.path, np.flip(PIXELS, a))[0] for a in ((), (1,), (2,), (1, 2))]
    assert run(mirrored.path)[0] == pytest.approx(np.mean(views, axis=0), abs=1e-6)


def test_a_map_is_mirrored_back(tmp_path):
    torch.manual_seed(0)
    network = nn.Conv2d(3, 1, 3, padding=1)
    for flips in (False, True):
        wrapped = Segmenter(network, IMAGENET, flips=flips).eval()
        wanted = Wanted(tmp_path / f"{flips}.onnx", wrapped, PIXELS, None)
        list(write_networks([wanted], title="small", outputs=["lesion"]))
    plain = tmp_path / "False.onnx"
    views = [
        np.flip(run(plain, np.flip(PIXELS, axes))[0], axes)
        for axes in ((), (1,), (2,), (1, 2))
    ]
    mean = run(tmp_path / "True.onnx")[0]
    assert mean.shape == PIXELS.shape[:3]
    assert mean == pytest.approx(np.mean(views, axis=0), abs=1e-6)


def test_a_network_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(LabError) as refused:
        write(want(tmp_path, Choosy(1)), title="timm/choosy")
    line = str(refused.value)
    assert line.startswith("timm/choosy cannot be written as ONNX (")
    assert line.endswith(
        "); choose another network, or ask for the report alone, "
        "results/<run>/report.html"
    )
    assert "\n" not in line
    assert not (tmp_path / "classifier.onnx").exists()


def test_a_network_that_computes_something_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "TOLERANCE", -1.0)
    with pytest.raises(LabError, match=r"as ONNX small differs by .* on 5 photographs"):
        write(want(tmp_path, Small(1)))
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_numbers_that_are_none_are_refused(tmp_path):
    broken = Small(1)
    nn.init.constant_(broken.fc.weight, float("nan"))
    with pytest.raises(LabError, match="differs by nan"):
        write(want(tmp_path, broken))


def test_the_exporter_says_nothing_and_names_no_place_of_this_machine(
    tmp_path, caplog, capfd, recwarn
):
    wanted = want(tmp_path, Small(1))
    with caplog.at_level(logging.INFO):
        write(wanted)
    said = [record.getMessage() for record in caplog.records]
    assert [line for line in said if "largest difference" not in line] == []
    assert capfd.readouterr() == ("", "")
    assert not list(recwarn)
    assert b"/lesionlab/" not in wanted.path.read_bytes()


AGAIN = """
from pathlib import Path
from unit.test_export import Small, want, write
write(want(Path.cwd(), Small(1)))
"""


@pytest.mark.parametrize("order", ["1", "2"])
def test_equal_networks_give_equal_bytes_whatever_the_order_of_sets(
    plain, tmp_path, order
):
    subprocess.run(
        [sys.executable, "-c", AGAIN],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONHASHSEED": order,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "classifier.onnx").read_bytes() == plain.path.read_bytes()
