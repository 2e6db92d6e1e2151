"""Results are held by one run at a time, and refused where they cannot be written."""

import errno
import os
import subprocess
import sys

import pytest

from lesionlab.errors import LabError
from lesionlab.host.occupancy import check_writable, hold_results

HOLD = """
import sys
from pathlib import Path
from lesionlab.host.occupancy import hold_results
held = hold_results(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(repository, tmp_path):
    """Another process that holds the results."""
    folder = tmp_path / "results" / "demo"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env={**os.environ, "PYTHONPATH": str(repository / "workflow" / "scripts")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process, folder
        process.kill()


def test_results_that_another_run_holds_are_refused_under_any_name(holder, tmp_path):
    process, folder = holder
    linked = tmp_path / "elsewhere"
    linked.symlink_to(folder.parent)
    for name in (folder, linked / "demo"):
        with pytest.raises(LabError) as why:
            hold_results(name)
        assert str(why.value) == (
            f"{name}: another run works on these results (process {process.pid} on "
            f"{os.uname().nodename}); wait until it has ended, or give this one "
            "another name (run:)"
        )
    hold_results(folder.with_name("other")).release()


def test_results_are_free_once_their_run_was_killed(holder):
    process, folder = holder
    process.kill()
    process.wait()
    hold_results(folder).release()


def test_a_file_system_without_locks_stops_no_run(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", flock)
    assert hold_results(tmp_path) is None


@pytest.mark.parametrize("wrong", ["results", "results/demo", "results/demo/data"])
def test_a_read_only_folder_is_named(tmp_path, monkeypatch, wrong):
    folder = tmp_path / "results" / "demo"
    (tmp_path / wrong).mkdir(parents=True)
    access = os.access
    # root may write where it is forbidden
    monkeypatch.setattr(
        "os.access", lambda path, how: path != tmp_path / wrong and access(path, how)
    )
    with pytest.raises(LabError, match=rf"{wrong}: read-only, so that no .*\(run:\)$"):
        check_writable(folder)


def test_a_file_in_the_place_of_results_is_named_and_kept(tmp_path):
    (tmp_path / "results").write_text("mine")
    with pytest.raises(LabError, match="results: a file where results would go; move"):
        check_writable(tmp_path / "results" / "demo")
    assert (tmp_path / "results").read_text() == "mine"


def test_new_results_pass(tmp_path):
    check_writable(tmp_path / "results" / "demo")
    assert not list(tmp_path.iterdir())
