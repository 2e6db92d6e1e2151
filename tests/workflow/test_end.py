"""What a run leaves when it ends: its headline, and no state that nobody needs."""

import re
import shutil
import subprocess

import pytest

from workflow.runner import run_workflow


def test_the_end_shows_the_headline_and_where_the_report_is(finished):
    printed = (finished / "printed.txt").read_text()
    assert "Report: results/tiny/report.html" in printed
    assert "Balanced accuracy" in printed
    assert "One training. One network of each arm was trained." in printed
    # the command that adds trainings names the config of this run, and no other file
    assert re.search(r"--configfile \S+tiny\.yaml more\.yaml\n", printed)
    assert "Synthetic data." in printed


def test_the_states_of_finished_trainings_alone_are_removed(finished):
    assert not list((finished / "results/tiny" / ".state").glob("*/*"))


def test_an_unfinished_training_outlives_another_target(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    folder = copy / "results/tiny/.state/train_classifier"
    for name in ("finished", "unfinished"):
        (folder / name).mkdir(parents=True)
    (folder / "finished" / "finished").touch()
    printed = run_workflow(copy, "segmentation", "--forcerun", "tune_threshold")
    assert "Report:" not in printed.stdout
    assert len(list(folder.iterdir())) == 2  # the report was not asked for
    run_workflow(copy, "--forcerun", "write_report")
    assert [path.name for path in folder.iterdir()] == ["unfinished"]


OLD_REPORT = (
    ("--until", "tune_threshold", "--forcerun", "tune_threshold"),
    ("--omit-from", "compare_arms", "--forcerun", "score_classes"),
    ("results/tiny/split/split.csv", "--forcerun", "split_dataset"),
)


@pytest.mark.parametrize("arguments", OLD_REPORT)
def test_an_old_report_is_not_announced(finished, tmp_path, arguments):
    copy = shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    printed = run_workflow(copy, *arguments).stdout
    assert "Finished jobid" in printed
    assert (copy / "results/tiny/report.html").exists()
    assert "Report:" not in printed
    assert "Balanced accuracy" not in printed


def test_a_report_that_is_up_to_date_is_announced(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    other = "results/tiny/data/images/crop/manifest.csv"
    printed = run_workflow(copy, "all", other).stdout
    assert "Finished jobid" in printed
    assert "(Rule: write_report)" not in printed
    assert "Report: results/tiny/report.html" in printed
    assert "Balanced accuracy" in printed


def test_clean_state_spares_results_and_a_workflow_that_runs(repository, tmp_path):
    shutil.copy(repository / "Makefile", tmp_path)
    run = tmp_path / "results" / "demo"
    for file in (".state/train_unet/0/lock", "data/.77.images.csv", "data/images.csv"):
        (run / file).parent.mkdir(parents=True, exist_ok=True)
        (run / file).touch()
    lock = tmp_path / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    clean = ["make", "clean-state"]
    refused = subprocess.run(clean, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "A workflow runs here" in refused.stderr
    assert (run / ".state").exists()
    lock.unlink()
    subprocess.run(clean, cwd=tmp_path, check=True)
    assert [path.name for path in run.iterdir()] == ["data"]
    assert [path.name for path in (run / "data").iterdir()] == ["images.csv"]
