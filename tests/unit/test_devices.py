"""Jobs on one machine take GPUs of their own; the devices here are pretended."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from lesionlab.devices import VISIBLE, claim_gpu, list_gpus

LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts"
JOB = f"""
import sys, time
sys.path.insert(0, {str(LIBRARY)!r})
from pathlib import Path
from lesionlab.devices import claim_gpu
with claim_gpu(1, locks=Path(sys.argv[1])) as gpu:
    print(gpu, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def _smi(tmp_path, monkeypatch):
    """Pretend that nvidia-smi lists three devices."""
    monkeypatch.delenv(VISIBLE, raising=False)
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nprintf 'GPU-a\\nGPU-b\\nGPU-c\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")


def start(folder, seconds):
    command = [sys.executable, "-c", JOB, str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_each_job_has_a_device_of_its_own_and_sees_no_other(tmp_path):
    jobs = [start(tmp_path, 30) for _ in range(3)]
    try:
        taken = [job.stdout.readline().strip() for job in jobs]
        assert sorted(taken) == ["GPU-a", "GPU-b", "GPU-c"]
        jobs.append(late := start(tmp_path, 0))
        time.sleep(1)
        assert late.poll() is None  # waits: all are taken
        jobs[1].kill()  # a killed job gives its device back
        assert late.stdout.readline().strip() == taken[1]
        assert late.wait(10) == 0
    finally:
        for job in jobs:
            job.kill()
            job.wait()
            job.stdout.close()


def test_a_job_shows_its_process_only_its_device(tmp_path, monkeypatch):
    with claim_gpu(1, locks=tmp_path) as first:
        assert first == "GPU-a"
        assert list_gpus() == ["GPU-a"]
    assert list_gpus() == ["GPU-a", "GPU-b", "GPU-c"]
    monkeypatch.setenv(VISIBLE, "2,5")
    with claim_gpu(1, locks=tmp_path) as gpu:
        assert gpu == "2"
        assert list_gpus() == ["2"]
    assert list_gpus() == ["2", "5"]


def test_slurm_jobs_never_wait_for_each_other(tmp_path, monkeypatch):
    """Each counts the devices that it was given from 0."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(VISIBLE, "0,1")
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    with claim_gpu(1) as first:
        monkeypatch.setenv(VISIBLE, "0,1")
        with claim_gpu(1) as second:  # in one allocation, each its own
            assert (first, second) == ("0", "1")
        monkeypatch.setenv("SLURM_JOB_ID", "8")
        monkeypatch.setenv(VISIBLE, "0")
        with claim_gpu(1) as other:
            assert other == "0"


def test_without_a_gpu_or_a_wish_for_one_nothing_is_taken(tmp_path, monkeypatch):
    with claim_gpu(0, locks=tmp_path) as gpu:
        assert gpu is None
    monkeypatch.setenv("PATH", "/nowhere")
    with claim_gpu(1, locks=tmp_path) as gpu:
        assert gpu is None
    assert not list(tmp_path.glob("*.lock"))


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [("", []), ("-1", []), ("NoDevFiles", []), ("0, 2", ["0", "2"]), ("1,-1,0", ["1"])],
)
def test_hidden_devices_are_not_counted(visible, gpus, monkeypatch):
    monkeypatch.setenv(VISIBLE, visible)
    assert list_gpus() == gpus
