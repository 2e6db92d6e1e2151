"""A whole run in poor surroundings has the bytes of an ordinary one."""

import os
import shutil
import subprocess
import sys

import pytest

from workflow.runner import TINY, copy_checkout, result_digests

pytestmark = pytest.mark.workflow

POOR = {
    "HOME": "/proc/nowhere",  # which nobody can write, root included
    "LANG": "C",
    "LC_ALL": "C",
    "OMP_NUM_THREADS": "3",
    "MKL_NUM_THREADS": "x",
    "CUDA_VISIBLE_DEVICES": "-1",
}


def behind(*mounts):
    """Begin a command that alone sees these mounts; nothing where none is allowed."""
    steps = " && ".join([*(f"mount {mount}" for mount in mounts), 'exec "$@"'])
    unshare = ["unshare", "--mount", "sh", "-c", steps, "sh"]
    allowed = (
        shutil.which("unshare") and not subprocess.run([*unshare, "true"]).returncode
    )
    return unshare if allowed else []


def in_small_folders(temporary):
    """Begin a command that sees 64 MB of /dev/shm and 8 MB of temporary files."""
    return behind(
        "-t tmpfs -o size=64m none /dev/shm", f"-t tmpfs -o size=8m none {temporary}"
    )


def test_poor_surroundings_change_no_byte(repository, finished, tmp_path):
    checkout = copy_checkout(repository, tmp_path / "checkout")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", TINY]
    done = subprocess.run(
        [*in_small_folders(temporary), *map(str, command)],
        cwd=checkout,
        env={**os.environ, **POOR, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "Report: results/tiny/report.html" in done.stdout
    assert result_digests(checkout) == result_digests(finished)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_an_unusable_tmpdir_is_refused_in_one_line(repository, tmp_path, name):
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1"],
        cwd=copy_checkout(repository, tmp_path / "checkout"),
        env={**os.environ, "TMPDIR": str(tmp_path / name)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"TMPDIR: {tmp_path / name}: ")
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "checkout").glob("results/*"))


FULL = "-t tmpfs -o size=1m none {}"
READ_ONLY = "-t tmpfs -o ro none {}"
SURROUNDINGS = [
    (
        FULL,
        ("TMPDIR={}",),
        "TMPDIR: {}: No space left on device; make room for temporary files there, or "
        "name another folder: TMPDIR=/path/to/folder",
    ),
    (
        FULL,
        ("TMP={}",),
        "TMP: {}: No space left on device; make room for temporary files there, or "
        "name another folder: TMP=/path/to/folder",
    ),
    (
        FULL,
        ("--directory", "{}"),
        "{}/.snakemake: No space left on device; make room and run again, or start "
        "elsewhere: "
        "--directory /path/to/folder",
    ),
    (
        READ_ONLY,
        ("--directory", "{}"),
        "{}: read-only, and Snakemake keeps its notes there; make it writable for you, "
        "or start elsewhere: --directory /path/to/folder",
    ),
]


def test_a_full_or_read_only_folder_is_refused_in_one_line(repository, tmp_path):
    folder, work = tmp_path / "folder", tmp_path / "work"
    folder.mkdir()
    work.mkdir()
    if not behind(FULL.format(folder)):
        pytest.skip("only root may mount a folder that is full or read-only")
    for mount, how, line in SURROUNDINGS:
        how = [part.format(folder) for part in how]
        environment = dict(part.split("=") for part in how if "=" in part)
        options = [] if environment else how
        start = [sys.executable, "-m", "snakemake", "-s", repository / "Snakefile"]
        begin = behind(mount.format(folder))
        done = subprocess.run(
            [*begin, *map(str, start), "--cores", "1", *options],
            cwd=work,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == line.format(folder)
        assert "Traceback" not in done.stderr
        assert not (work / "results").exists()
