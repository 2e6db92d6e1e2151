"""Wrong turns before a run: each ends in a line and leaves the results as they are."""

import os
import shutil
import subprocess

import pytest

from lesionlab.files import sha256_file
from lesionlab.host.occupancy import hold_results
from lesionlab.host.slurm import note_head
from workflow.runner import PARTS, TINY, result_digests, run_workflow

pytestmark = pytest.mark.workflow


@pytest.fixture
def copy(finished, tmp_path):
    """A finished checkout that a test may spoil."""
    return shutil.copytree(finished, tmp_path / "copy", symlinks=True)


def refused(checkout, *arguments, **options):
    """Run in vain; give the lines that were printed."""
    done = run_workflow(checkout, *arguments, check=False, **options)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    return done.stdout.splitlines()


def test_a_key_given_twice_is_refused_in_an_overlay_and_in_the_config(copy, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("split:\n  seed: 1\nsplit:\n  folds: 3\n")
    line = "line 3: split stands in line 1 already, which would be lost; join the two"
    assert f"{mine}: {line}" in refused(copy, "-n", configs=(TINY, mine))
    config = copy / "config.yaml"
    for spoil, line in (
        ("run: mine\n", "run stands in line 4 already, which would be lost; join the"),
        ("\tx: 1\n", "indented by a tab; YAML takes spaces alone"),
    ):
        text = config.read_text()
        config.write_text(text + spoil)
        last = refused(copy, "-n")[-1]
        assert last.startswith(f"config.yaml: line {text.count(chr(10)) + 1}: {line}")
        config.write_text(text)


def test_a_second_run_of_the_same_results_is_refused(copy, tmp_path):
    """Be it in another working directory, whose lock is another one."""
    other = tmp_path / "other"
    other.mkdir()
    for part in PARTS:
        (other / part).symlink_to(copy / part)
    (other / "results").symlink_to(copy / "results")
    before = result_digests(copy)
    held = hold_results(copy / "results" / "tiny")
    lines = refused(other, "--forcerun", "write_headline")
    held.release()
    assert [line for line in lines if "another run works on these results" in line] == [
        line for line in lines if line.startswith("results/tiny: another run works on")
    ]
    assert any("or give this one another name (run:)" in line for line in lines)
    assert result_digests(copy) == before


def test_a_second_run_in_the_same_directory_is_told_what_to_do(copy):
    lock = copy / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results/tiny/report.html\n")
    before = result_digests(copy)
    printed = "\n".join(refused(copy, "--forcerun", "write_headline"))
    assert "Directory cannot be locked" in printed
    assert "--unlock" in printed
    assert result_digests(copy) == before


def test_read_only_results_are_named_and_kept(copy):
    folder = copy / "results" / "tiny"
    before = sha256_file(folder / "report.html")
    if subprocess.run(["mount", "--bind", folder, folder]).returncode:
        pytest.skip("only root may mount a folder read-only")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        printed = "\n".join(refused(copy, "--forcerun", "write_report"))
    finally:
        subprocess.run(["umount", folder], check=True)
    assert "Write-protected output files for rule write_report" in printed
    assert "results/tiny/report.html" in printed
    assert sha256_file(folder / "report.html") == before


@pytest.mark.parametrize("target", ["nowhere", "file"])
def test_results_that_are_no_folder_are_named(copy, target):
    shutil.rmtree(copy / "results")
    (copy / "file").touch()
    (copy / "results").symlink_to(copy / target)
    for arguments in ((), ("-n",)):
        last = refused(copy, *arguments)[-1]
        assert (
            last
            == {
                "nowhere": f"results: a link to {copy}/nowhere, which is not there; "
                "make that folder, or remove the link",
                "file": "results: a file where results would go; move it away",
            }[target]
        )


@pytest.fixture
def left_job(copy, tmp_path):
    """Environment in which a job of an earlier head process never ends."""
    note_head(copy / "results" / "tiny", "head-1")
    squeue = tmp_path / "bin" / "squeue"
    squeue.parent.mkdir()
    squeue.write_text("#!/bin/sh\necho '7|head-1|RUNNING|rule_train_unet'\n")
    squeue.chmod(0o755)
    return {"PATH": f"{squeue.parent}:{os.environ['PATH']}", "LESIONLAB_WAIT": "600"}


def test_commands_that_run_nothing_wait_for_no_job(copy, left_job):
    for option in ("--unlock", "--list", "--summary", "-n", "--touch"):
        printed = run_workflow(copy, option, **left_job).stdout
        assert "waits for jobs" not in printed
    left_job["LESIONLAB_WAIT"] = ""
    lines = refused(copy, "--forcerun", "write_headline", **left_job)
    assert any("jobs of an earlier call for results/tiny still" in x for x in lines)
    assert (copy / "results/tiny/.slurm/head-1").exists()


def test_touching_results_writes_none_and_announces_none(copy):
    config = copy / "results" / "tiny" / "config.yaml"
    config.write_text("of another version\n")
    printed = run_workflow(copy, "--touch", "--forceall").stdout
    assert config.read_text() == "of another version\n"
    assert "Report:" not in printed
    assert "another version" not in printed


def test_results_of_another_version_say_what_runs_again(copy):
    config = copy / "results" / "tiny" / "config.yaml"
    first, rest = config.read_text().split("\n", 1)
    assert first.startswith("# made by LesionLab ")
    config.write_text(rest)
    line = (
        "results/tiny: made by another version of LesionLab; what it changes runs "
        "again: write_headline"
    )
    # it is said again, until a run has made the whole report
    headline = "results/tiny/comparison/headline.txt"
    for target in (headline, headline, "all"):
        printed = run_workflow(copy, target, "--forcerun", "write_headline").stdout
        assert line in printed
        assert config.read_text() == f"{first}\n{rest}"
    printed = run_workflow(copy, "--forcerun", "write_report").stdout
    assert "made by another version" not in printed
