"""The workflow from another folder, as a module, from a git host, under odd paths."""

import shutil
import subprocess
import sys
import venv

import pytest
import safetensors.torch
import torch
import yaml

from lesionlab.config import check_config
from lesionlab.host.occupancy import hold_results
from lesionlab.weights.names import resnet50_names
from workflow.runner import (
    TINY,
    copy_checkout,
    dry_run,
    overlay,
    run_workflow,
    stale_rules,
)

pytestmark = pytest.mark.workflow

SPLIT = "results/tiny/split/split.csv"

IMPORTER = """
configfile: "ours.yaml"


module lesionlab:
    snakefile:
        "tools/lesionlab/Snakefile"
    config:
        config["lesions"]
    prefix:
        "lab"


use rule * from lesionlab as lab_*


rule all:
    default_target: True
    input:
        rules.lab_all.input,


onstart:
    print("our start")
    lesionlab.onstart()


onsuccess:
    print("our success")
    lesionlab.onsuccess()
"""

# as `snakedeploy deploy-workflow` writes it
DEPLOYED = """
configfile: "config/config.yaml"


module lesionlab:
    snakefile:
        github("someone/lesionlab", path="workflow/Snakefile", tag="v1")
    config:
        config


use rule * from lesionlab
"""


@pytest.fixture(scope="module")
def split_here(repository, tmp_path_factory):
    """A checkout in which the tiny run has come to its split; never edit it."""
    checkout = copy_checkout(repository, tmp_path_factory.mktemp("here") / "checkout")
    run_workflow(checkout, SPLIT)
    return checkout


def plan(folder, *arguments, **environment):
    """Rules of a dry run in a process of its own: its Snakefiles are others."""
    printed = run_workflow(folder, "-n", *arguments, **environment).stdout
    return stale_rules(printed), printed


def test_from_another_folder_it_makes_the_same_split(split_here, tmp_path):
    start = ("-s", str(split_here / "Snakefile"), "--directory", "work")
    (tmp_path / "work").mkdir()
    run_workflow(tmp_path, *start, SPLIT)
    made = tmp_path / "work" / SPLIT
    assert made.read_bytes() == (split_here / SPLIT).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    here = stale_rules(dry_run(split_here))
    assert "write_report" in here
    assert plan(tmp_path, *start)[0] == here


def test_a_config_of_the_working_directory_lies_over_the_defaults(split_here, tmp_path):
    overlay(tmp_path / "config.yaml", {"run": "mine", "split": {"seed": 2}})
    start = ("-s", str(split_here / "Snakefile"), "results/mine/split/split.csv")
    _, printed = plan(tmp_path, *start, configs=())
    assert "output: results/mine/split/split.csv" in printed
    overlay(tmp_path / "config.yaml", {"splt": {}})
    wrong = run_workflow(tmp_path, "-n", *start, configs=(), check=False)
    assert wrong.returncode == 1
    assert wrong.stdout.splitlines()[-1] == (
        "config: splt: unknown key; did you mean split?"
    )


@pytest.fixture(scope="module")
def imported(split_here, tmp_path_factory):
    """Another workflow, in whose folder a checkout lies that it imports."""
    folder = tmp_path_factory.mktemp("importer")
    copy_checkout(split_here, folder / "tools" / "lesionlab")
    (folder / "Snakefile").write_text(IMPORTER)
    (folder / "ours.yaml").write_text(
        yaml.safe_dump({"lesions": yaml.safe_load(TINY.read_text()), "other": 1})
    )
    return folder


def test_as_a_module_it_makes_the_same_split_under_its_prefix(imported, split_here):
    printed = run_workflow(imported, f"lab/{SPLIT}", configs=()).stdout
    assert (imported / "lab" / SPLIT).read_bytes() == (split_here / SPLIT).read_bytes()
    assert (imported / "lab/results/tiny/config.yaml").exists()
    assert not (imported / "results").exists()
    # the importer's own hooks run, and call those of the module
    assert "our start" in printed
    assert "our success" in printed
    assert "Report:" not in printed


def test_a_config_of_an_importer_that_nothing_reads_is_left_alone(imported):
    stray = imported / "config.yaml"
    stray.write_text("- a list\n- of an importer\n")
    rules, _ = plan(imported, f"lab/{SPLIT}", "--forceall", configs=())
    stray.unlink()
    assert rules[-1] == "lab_split_dataset"


def test_as_a_module_all_of_its_rules_bear_the_prefix(imported, split_here):
    rules, printed = plan(imported, "--forceall", configs=())
    here = stale_rules(dry_run(split_here, "--forceall"))
    assert rules == [f"lab_{rule}" for rule in here]
    files = " ".join(line for line in printed.splitlines() if "put: " in line)
    assert "tools/lesionlab/workflow/report/template.html" in files
    results = [file for file in files.replace(",", "").split() if "results/" in file]
    assert results
    assert all(file.startswith("lab/results/tiny/") for file in results)


def test_a_module_takes_weights_from_where_the_config_says(imported, tmp_path):
    weights = imported / "ours" / "resnet50.safetensors"
    weights.parent.mkdir()
    names = {name: torch.zeros(1) for name in resnet50_names()}
    weights.write_bytes(safetensors.torch.save(names))
    start = {"weights": "ours/resnet50.safetensors", "weights_variant": "v1.5"}
    changed = overlay(tmp_path / "mine.yaml", {"lesions": {"classification": start}})
    _, printed = plan(imported, "lab_classification", configs=(changed,))
    assert "ours/resnet50.safetensors" in printed
    assert "lab/ours" not in printed


@pytest.fixture
def hosted(split_here, tmp_path):
    """Environment in which git takes a folder for its host."""
    source = copy_checkout(split_here, tmp_path / "host" / "someone" / "lesionlab")
    who = ("-c", "user.name=someone", "-c", "user.email=someone@example.org")
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("commit", "-qm", "x"),
        ("tag", "v1"),
    ):
        subprocess.run(["git", *who, *command], cwd=source, check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/host/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }


def test_deployed_from_a_git_host_it_makes_the_same_split(split_here, hosted, tmp_path):
    work = tmp_path / "work"
    (work / "workflow").mkdir(parents=True)
    (work / "workflow" / "Snakefile").write_text(DEPLOYED)
    # what snakedeploy copies, and a user edits
    shutil.copytree(split_here / "config", work / "config")
    shutil.copy(TINY, work / "config" / "config.yaml")
    run_workflow(work, SPLIT, configs=(), **hosted)
    assert (work / SPLIT).read_bytes() == (split_here / SPLIT).read_bytes()
    rules, _ = plan(work, configs=(), **hosted)
    assert rules == [*stale_rules(dry_run(split_here)), "everything"]
    # no hook of it is called, and still its results are held
    held = hold_results(work / "results" / "tiny")
    refused = run_workflow(work, configs=(), check=False, **hosted)
    held.release()
    assert refused.returncode == 1
    assert refused.stdout.splitlines()[-1].startswith(
        "results/tiny: another run works on these results (process "
    )


def test_the_catalogue_finds_what_it_asks_for(repository):
    listed = yaml.safe_load(
        (repository / ".snakemake-workflow-catalog.yml").read_text()
    )
    assert listed["usage"]["software-stack-deployment"]["conda"]
    assert (repository / "config" / "README.md").stat().st_size > 0
    deployed = yaml.safe_load((repository / "config" / "config.yaml").read_text())
    defaults = yaml.safe_load((repository / "config.yaml").read_text())
    schema = repository / "workflow" / "schemas" / "config.schema.yaml"
    assert deployed["run"] == defaults["run"]
    assert deployed["dataset"].items() <= defaults["dataset"].items()
    check_config(defaults, yaml.safe_load(schema.read_text()))
    readme = (repository / "README.md").read_text().lower()
    assert "snakemake" in readme
    assert "workflow" in readme


def test_a_path_with_spaces_and_other_letters_works(split_here, tmp_path):
    folder = tmp_path / "Häute 10000 (größer), d'été"
    folder.mkdir()
    checkout = copy_checkout(split_here, folder / "le $labo")
    run_workflow(checkout, SPLIT)
    assert (checkout / SPLIT).read_bytes() == (split_here / SPLIT).read_bytes()


def test_a_python_whose_path_holds_a_space_is_refused(split_here, tmp_path):
    environment = tmp_path / "mit leer"
    venv.create(environment, symlinks=True)
    site = next(environment.glob("lib/python*/site-packages"))
    (site / "all.pth").write_text("\n".join(p for p in sys.path if p))
    python = environment / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "snakemake", "--cores", "1"],
        cwd=split_here,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"{python}: Snakemake cannot start a Python whose path holds ' '; set up the "
        "environment elsewhere: sh setup.sh /path/to/venv"
    )
    assert "Traceback" not in done.stderr
