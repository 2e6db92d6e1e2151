"""What `make run` checks before Snakemake, which would end in tracebacks of its own."""

import subprocess
import sys

import pytest


@pytest.fixture
def check(repository, tmp_path):
    """Run the check in a folder as `make run` does; give the line that it prints."""

    def run(*arguments, **environment):
        scripts = repository / "workflow" / "scripts"
        done = subprocess.run(
            [sys.executable, "-m", "lesionlab.host", *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(scripts), **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == (1 if done.stderr else 0)
        return done.stderr

    return run


def test_make_run_checks_before_snakemake(repository):
    recipe = (repository / "Makefile").read_text().split("\nrun:")[1].split("\n\n")[0]
    check, start = recipe.splitlines()[1:]
    assert "-m lesionlab.host $(ARGS)" in check
    assert "snakemake" in start


def test_what_is_sound_passes_and_nothing_is_left(check, tmp_path):
    assert check("-n", "--cores", "2", "--directory", "new") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_missing_config_file_is_one_line(check):
    line = "none.yaml: no such config file; name one that there is\n"
    assert check("--configfile", "none.yaml") == line


def test_folders_that_cannot_be_written_are_one_line(check, tmp_path):
    assert check(TMPDIR="/nowhere").startswith("TMPDIR: /nowhere: No such file or dir")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / ".snakemake").touch()
    for option in ("--directory", "-d"):
        assert check(option, "work") == (
            f"{tmp_path}/work/.snakemake: a file where Snakemake keeps its notes; "
            "remove it\n"
        )
