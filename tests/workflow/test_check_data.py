"""What is in the data is said before anything is trained, and again when asked."""

import shutil

import pytest

from workflow.runner import TINY, copy_checkout, overlay, run_workflow

pytestmark = pytest.mark.workflow


@pytest.fixture
def root(finished, tmp_path):
    """A data root of its own."""
    return shutil.copytree(finished / "results/tiny/phantom", tmp_path / "my data")


@pytest.fixture
def check(repository, root, tmp_path):
    """Ask what is in the root, in a fresh checkout."""
    checkout = copy_checkout(repository, tmp_path / "checkout")
    source = {"run": "mine", "dataset": {"source": "folder", "path": f"{root}/"}}
    configs = (TINY, overlay(tmp_path / "mine.yaml", source))

    def run(*, check=True):
        done = run_workflow(checkout, "check_data", configs=configs, check=check)
        return done, checkout / "results" / "mine"

    return run


def test_the_page_is_shown_each_time_and_nothing_is_trained(check, root):
    for number in range(2):
        done, results = check()
        page = (results / "data" / "check.txt").read_text()
        assert page in done.stdout
        assert ("rule index_images" in done.stdout) == (number == 0)
    assert page.startswith(f"Data in {root}\n")
    assert "To know: nothing; all is as usual." in page
    made = {path.name for path in results.iterdir()}
    assert made == {"data", "logs", "benchmarks", "config.yaml", ".state"}


def test_a_root_that_cannot_be_used_ends_in_one_line(check, root):
    table = root / "GroundTruth.csv"
    table.write_text(table.read_text().replace("1.0", "x", 1))
    done, results = check(check=False)
    assert done.returncode != 0
    line = f"index_images: {table}: line 2, column "
    assert line in done.stdout
    assert "'x' is no flag; allowed: 0 and 1, or true and false" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (results / "data").exists() or not list((results / "data").iterdir())


def test_a_root_without_masks_is_refused_before_anything_starts(check, root):
    shutil.rmtree(root / "masks")
    done, results = check(check=False)
    assert done.returncode != 0
    assert f"{root}: no mask (.jpg, .jpeg, .png) in it; expected" in done.stdout
    assert not results.exists()


def test_a_picture_that_cannot_be_read_is_one_line_before_anything_starts(check, root):
    path = sorted((root / "images").iterdir())[0]
    path.unlink()
    path.symlink_to("/proc/self/mem")  # which gives an error to any reader
    done, results = check(check=False)
    assert done.returncode != 0
    assert f"{path}: cannot be read (Input/output error); mend its" in done.stdout
    assert "Traceback" not in done.stdout
    assert "InputFunctionException" not in done.stdout
    assert not (results / "data" / "index.csv").exists()
