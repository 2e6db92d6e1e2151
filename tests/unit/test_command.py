"""What Snakemake was started for is known while it reads the workflow."""

import inspect
import re

import pytest
import snakemake.cli

from lesionlab.host.command import JOBLESS, PLANLESS, plans_jobs, runs_jobs

SNAKEFILE = """
from lesionlab.host.command import plans_jobs, runs_jobs
print("seen:", plans_jobs(), runs_jobs())
rule all:
    output: "a"
    shell: "touch a"
"""


# Snakemake leaves files open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        ("", "True True"),
        (
            "--until all --rerun-incomplete --report-after-run --report a.html",
            "True True",
        ),
        ("-n", "True False"),
        ("--touch", "True False"),
        ("--unlock", "True False"),
        ("--summary", "True False"),
        ("--dag", "True False"),
        ("--report a.html", "True False"),
        ("--list", "False False"),
        ("--lint", "False False"),
    ],
)
def test_a_snakefile_knows_what_it_is_read_for(
    tmp_path, monkeypatch, capfd, arguments, seen
):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        snakemake.cli.main(["--cores", "1", *arguments.split()])
    assert f"seen: {seen}\n" in capfd.readouterr().out


def test_without_a_command_line_jobs_are_expected():
    assert plans_jobs()
    assert runs_jobs()


def test_no_option_of_snakemake_that_runs_no_jobs_is_forgotten():
    followed = inspect.getsource(snakemake.cli.args_to_api)
    followed = followed[followed.index("if args.lint") :]
    asked = set(re.findall(r"(?:el)?if args\.(\w+)(?: is not None)?:", followed))
    no_command = {"preemptible_rules", "dag", "rulegraph", "runtime_profile"}
    assert asked - no_command == set(JOBLESS) - no_command
    first, _ = followed.split("print_dag_as", 1)
    assert set(re.findall(r"if args\.(\w+):", first)) == set(PLANLESS)
