"""Results are held by one run at a time, and refused where they cannot be written."""

import errno
import os
import subprocess
import sys

import pytest

from lesionlab.errors import LabError
from lesionlab.host.occupancy import (
    SHARED_BUSY,
    check_place,
    check_writable,
    hold_results,
)

WRITE = """
import sys, time
from pathlib import Path
from lesionlab.host.occupancy import hold_while_writing
with hold_while_writing(Path(sys.argv[1])):
    print("writes", flush=True)
    sys.stdin.readline()
"""
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


def test_two_writers_of_a_shared_folder_follow_one_another(repository, tmp_path):
    cache = tmp_path / "shared" / "downloads"

    def begin():
        return subprocess.Popen(
            [sys.executable, "-c", WRITE, str(cache)],
            env={**os.environ, "PYTHONPATH": str(repository / "workflow" / "scripts")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    with begin() as first:
        assert first.stdout.readline() == "writes\n"
        with begin() as second:
            line = f"{cache}: another process writes there; this one waits for it"
            assert second.stderr.readline().endswith(f"{line}\n")
            first.communicate("\n")
            assert second.stdout.readline() == "writes\n"
            second.communicate("\n")
    assert [path.name for path in cache.parent.iterdir()] == [".downloads.lock"]


def test_what_all_runs_share_is_made_by_one(tmp_path):
    shared = tmp_path / ".shared"
    held = hold_results(shared, SHARED_BUSY)
    with pytest.raises(LabError) as why:
        hold_results(shared, SHARED_BUSY)
    held.release()
    assert str(why.value) == (
        f"{shared}: another run is making what all runs here share (process "
        f"{os.getpid()} on {os.uname().nodename}); start again once that is there, or "
        "has ended"
    )


def test_results_are_free_once_their_run_was_killed(holder):
    process, folder = holder
    process.kill()
    process.wait()
    hold_results(folder).release()


def fail(number):
    """A system call that says what this number means."""

    def call(*_):
        raise OSError(number, os.strerror(number))

    return call


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_stops_no_run(tmp_path, monkeypatch, number):
    monkeypatch.setattr("fcntl.flock", fail(number))
    assert hold_results(tmp_path) is None


@pytest.mark.parametrize("call", ["os.open", "fcntl.flock"])
@pytest.mark.parametrize("number", [errno.EPERM, errno.EROFS, errno.EIO])
def test_a_lock_that_cannot_be_had_is_not_passed_over(
    tmp_path, monkeypatch, call, number
):
    (tmp_path / ".state").mkdir()
    monkeypatch.setattr(call, fail(number))
    with pytest.raises(LabError) as why:
        hold_results(tmp_path)
    assert str(why.value) == (
        f"{tmp_path}/.state/run.lock: cannot be opened ({os.strerror(number)}), so "
        "that nothing keeps two runs apart; make it and its folder writable for you "
        "(chmod, chown), or give the run another name (run:)"
    )


def test_the_lock_of_somebody_else_is_not_passed_over(tmp_path, monkeypatch):
    hold_results(tmp_path).release()
    # root may open what others may not
    monkeypatch.setattr("os.open", fail(errno.EACCES))
    with pytest.raises(LabError, match=r"run\.lock: cannot be opened \(Permission den"):
        hold_results(tmp_path)


def test_the_lock_is_open_to_the_group_as_far_as_umask_allows(tmp_path):
    before = os.umask(0o002)
    try:
        hold_results(tmp_path).release()
    finally:
        os.umask(before)
    assert (tmp_path / ".state/run.lock").stat().st_mode & 0o777 == 0o664


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


def test_a_link_to_nothing_is_named(tmp_path):
    (tmp_path / "results").symlink_to(tmp_path / "scratch")
    for check in (check_place, check_writable):
        with pytest.raises(LabError) as why:
            check(tmp_path / "results" / "demo")
        assert str(why.value) == (
            f"{tmp_path}/results: a link to {tmp_path}/scratch, which is not there; "
            "make that folder, or remove the link"
        )
    (tmp_path / "scratch").mkdir()
    check_writable(tmp_path / "results" / "demo")


def test_results_that_cannot_be_looked_at_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.exists", fail(errno.EACCES))
    with pytest.raises(LabError, match="Permission denied; make it accessible for you"):
        check_place(tmp_path / "results")


def test_new_results_pass(tmp_path):
    check_writable(tmp_path / "results" / "demo")
    assert not list(tmp_path.iterdir())
