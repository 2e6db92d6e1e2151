"""How a stage starts and ends: its GPU, its one line when it fails, a full disk."""

import contextlib
import errno
import logging
import os
import subprocess
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

import make_phantom
from lesionlab.data.packing import load_pixels, pack
from lesionlab.data.pictures import write_pictures
from lesionlab.devices import VISIBLE
from lesionlab.errors import LabError
from lesionlab.figures.style import new_figure, save_figure
from lesionlab.files import atomic_path, write_array, write_csv, write_json
from lesionlab.stage import run_stage
from unit.room import little_room


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """Run a function as Snakemake would run the main of a script."""

    def run(work, *, gpu=0, log=tmp_path / "logs" / "toy.log"):
        def main(_paths, *, options):
            work(options)

        job = SimpleNamespace(
            rule="toy",
            log=log,
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


LARGE = 4096  # bytes that a full disk still takes


@pytest.fixture
def limited(tmp_path):
    """A folder in which no file may grow large, as under a quota."""
    return tmp_path, partial(little_room, LARGE), "File too large"


@pytest.fixture
def full(tmp_path):
    """A folder on a disk of its own that can be filled."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a disk that can be filled")

    @contextlib.contextmanager
    def fill():
        with contextlib.suppress(OSError), (disk / "filler").open("wb") as stream:
            stream.write(bytes(2**21))
        yield
        (disk / "filler").unlink()

    yield disk, fill, "No space left on device"
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


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
    import torch

    from lesionlab.networks.network import Architecture, save_model
    from lesionlab.training.pictures import IMAGENET

    built = {"architecture": Architecture(), "scale": IMAGENET}
    weights = {"a": torch.ones(5000)}
    save_model(folder / "out" / "m.safetensors", weights, **built, classes=["a"])


def write_masks(folder):
    noise = np.random.default_rng(1).integers(0, 255, (90, 90), np.uint8)
    write_pictures(["a", "b"], lambda _: noise, folder=folder / "out", workers=2)


def write_figure(folder):
    figure = new_figure(4, 3)
    figure.subplots().plot(np.random.default_rng(1).random(3000))
    save_figure(figure, folder / "out" / "figure.png")


def write_page(folder):
    with atomic_path(folder / "out" / "report.html") as draft:
        draft.write_text("<p>" * 5000, encoding="utf-8")


def write_photographs(folder):
    (folder / "out" / "images").mkdir(parents=True)
    (folder / "out" / "masks").mkdir()
    options = {"seed": 1, "width": 160, "height": 160, "signal": "both", "strength": 1}
    make_phantom.write_lesion(folder / "out", 1, 0, options)


WRITERS = [
    write_packed,
    write_model,
    write_masks,
    write_figure,
    write_page,
    write_photographs,
    lambda folder: write_csv(
        folder / "out" / "a.csv", pd.DataFrame({"a": range(9999)})
    ),
    lambda folder: write_json(folder / "out" / "a.json", {"a": [*range(9999)]}),
]
KINDS = ["npy", "safetensors", "masks", "figure", "html", "photographs", "csv", "json"]


@pytest.mark.parametrize("disk", ["limited", "full"])
@pytest.mark.parametrize("write", WRITERS, ids=KINDS)
def test_a_full_disk_is_said_in_a_line_and_leaves_nothing(
    write, disk, stage, tmp_path, request
):
    folder, fill, reason = request.getfixturevalue(disk)
    cv2.imwrite(str(folder / "a.jpg"), np.zeros((40, 50, 3), np.uint8))
    with fill(), pytest.raises(SystemExit) as end:
        stage(lambda _: write(folder))
    line = str(end.value)
    assert line.startswith("toy: ")
    assert f"({reason}); make room and run again" in line
    assert "\n" not in line
    assert not [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert "Traceback" not in (tmp_path / "logs" / "toy.log").read_text()


def test_a_log_that_finds_no_room_is_said_in_a_line(stage, full, capsys):
    folder, fill, reason = full
    with fill(), pytest.raises(SystemExit, match=rf"^toy: .* \({reason}\); make room"):
        stage(lambda _: write_page(folder), log=folder / "logs" / "toy.log")
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_file_that_may_not_be_written_is_said_in_a_line(stage, tmp_path, number):
    def work(_):
        raise OSError(number, os.strerror(number), "results/demo/split/split.csv")

    line = (
        f"toy: results/demo/split/split.csv: {os.strerror(number)}; make it accessible "
        "and run again"
    )
    with pytest.raises(SystemExit) as end:
        stage(work)
    assert str(end.value) == line
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
