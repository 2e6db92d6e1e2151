"""How a stage starts and ends: its GPU, its one line when it fails, a full disk."""

import logging
import os
import resource
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import safetensors.numpy

from lesionlab.data.packing import load_pixels, pack
from lesionlab.devices import VISIBLE
from lesionlab.errors import LabError
from lesionlab.files import atomic_path, write_array
from lesionlab.stage import run_stage


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Run a function as Snakemake would run the main of a script."""

    def run(work, *, gpu=0):
        def main(_paths, *, options):
            work(options)

        job = SimpleNamespace(
            rule="toy",
            log=tmp_path / "logs" / "toy.log",
            input={},
            output={},
            params=_Params(options={}, code="0"),
            resources={"gpu": gpu},
        )
        monkeypatch.setitem(main.__globals__, "snakemake", job)
        run_stage(main)

    mine, logging.root.handlers[:] = logging.root.handlers[:], []
    yield run
    for handler in logging.root.handlers:
        handler.close()
    logging.root.handlers[:] = mine


class _Params(dict):
    __getattr__ = dict.__getitem__


@pytest.fixture
def _full_disk():
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def write_packed(folder):
    photographs = [folder / "a.jpg"] * 4
    pack(
        photographs,
        folder / "out" / "pixels.npy",
        sizes=[(50, 40)] * 4,
        load=load_pixels,
        height=40,
        width=50,
        workers=1,
    )


def write_model(folder):
    with atomic_path(folder / "out" / "m.safetensors") as draft:
        safetensors.numpy.save_file({"a": np.ones(5000)}, draft)


@pytest.mark.parametrize("write", [write_packed, write_model])
def test_a_full_disk_is_said_in_a_line_and_leaves_nothing(
    write, stage, tmp_path, request
):
    cv2.imwrite(str(tmp_path / "a.jpg"), np.zeros((40, 50, 3), np.uint8))
    request.getfixturevalue("_full_disk")
    with pytest.raises(SystemExit, match=r"^toy: .* \(File too large\); make room"):
        stage(lambda _: write(tmp_path))
    assert not list((tmp_path / "out").iterdir())
    assert "Traceback" not in (tmp_path / "logs" / "toy.log").read_text()


def test_a_wrong_input_is_said_in_a_line(stage, tmp_path):
    def work(_):
        raise LabError("images.csv: no such table")

    with pytest.raises(SystemExit, match=r"^toy: images.csv: no such table$"):
        stage(work)
    assert "images.csv: no such table" in (tmp_path / "logs" / "toy.log").read_text()


def test_another_error_leaves_its_traceback_in_the_log(stage, tmp_path):
    def work(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stage(work)
    assert "Traceback" in (tmp_path / "logs" / "toy.log").read_text()


@pytest.mark.parametrize("wanted", [0, 1])
def test_a_stage_that_asks_for_a_gpu_sees_one_alone(
    wanted, stage, tmp_path, monkeypatch
):
    monkeypatch.setenv(VISIBLE, "GPU-a,GPU-b")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen = []
    stage(lambda _: seen.append(os.environ[VISIBLE]), gpu=wanted)
    assert seen == (["GPU-a"] if wanted else ["GPU-a,GPU-b"])


def test_an_array_is_written_block_by_block(tmp_path):
    rows = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    write_array(tmp_path / "a.npy", (rows[:3], rows[3]), shape=rows.shape)
    assert np.array_equal(np.load(tmp_path / "a.npy", mmap_mode="r"), rows)
    with pytest.raises(ValueError, match="18 values for an array of shape"):
        write_array(tmp_path / "b.npy", [rows[:3]], shape=rows.shape)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["a.npy"]
