"""Both profiles run one workflow; that of Slurm sends each rule where it belongs."""

import re

import pytest
import yaml

from workflow.runner import TINY, asked_resources, copy_checkout, dry_run, overlay

SHARED = (
    "rerun-triggers",
    "max-checksum-file-size",
    "rerun-incomplete",
    "show-failed-logs",
)
TARGETS = {"all", "predict"}  # which have no job of their own
MINUTES = {"min": 1, "h": 60}
LEAST_MEMORY_MB = 300  # a job of Snakemake's own is killed below


@pytest.fixture(scope="module")
def profiles(repository):
    """Content of both profiles by name."""
    return {
        name: yaml.safe_load(
            (repository / "profiles" / name / "config.yaml").read_text()
        )
        for name in ("default", "slurm")
    }


# which together have every rule
IMAGENET = {"weights": "imagenet", "size": None}
TIMM = {"model": "timm/convnext_tiny", "weights": "imagenet"}
LITE = {"model": "timm/tf_efficientnet_lite0", "weights": "package"}
CONFIGS = (
    {
        "dataset": {"source": "phantom"},
        "classification": IMAGENET,
        "application": {"photographs": "new"},
    },
    {"dataset": {"source": "dataverse"}, "classification": LITE},
    {
        "segmentation": {"model": "smp/unet", "encoder_weights": "imagenet"},
        "classification": TIMM,
    },
)


@pytest.fixture(scope="module")
def plans(repository, tmp_path_factory):
    """By rule: the resources that Snakemake itself would ask Slurm for."""
    folder = tmp_path_factory.mktemp("plans")
    checkout = copy_checkout(repository, folder / "checkout")
    (checkout / "new").mkdir()
    (checkout / "new" / "one.jpg").touch()
    asked = {}
    for number, change in enumerate(CONFIGS):
        uses = ["predict"] if "application" in change else []
        configs = (TINY, overlay(folder / f"{number}.yaml", change))
        profile = ("all", "check_data", *uses, "--workflow-profile", "profiles/slurm")
        asked |= asked_resources(dry_run(checkout, *profile, configs=configs))
    return asked


@pytest.fixture(scope="module")
def head_node_rules(repository):
    """Rules that are never submitted; a dry run does not tell them apart."""
    folder = repository / "workflow" / "rules"
    text = "".join(path.read_text() for path in folder.glob("*.smk"))
    blocks = text.split("\nrule ")[1:]
    return {block.split(":")[0] for block in blocks if "localrule: True" in block}


def test_both_profiles_agree_on_what_makes_a_stage_stale(profiles):
    for key in SHARED:
        assert profiles["slurm"][key] == profiles["default"][key], key


def test_no_profile_limits_memory_or_gpus(profiles):
    for profile in profiles.values():
        assert "resources" not in profile


def test_the_slurm_profile_survives_what_was_measured(profiles):
    profile = profiles["slurm"]
    assert profile["slurm-status-command"] == "squeue"
    assert profile["slurm-status-attempts"] == 1000
    assert profile["retries"] == 2
    assert profile["slurm-requeue"] is True
    assert not {"groups", "group-components", "slurm-array-jobs"} & profile.keys()


def test_every_rule_is_planned(repository, plans):
    scripts = {path.stem for path in (repository / "workflow/scripts").glob("*.py")}
    assert plans.keys() - TARGETS == scripts


def test_rules_with_a_gpu_alone_are_sent_to_the_gpu_partition(plans):
    with_gpu = {rule for rule, resources in plans.items() if "gpu" in resources}
    assert with_gpu == {
        "train_unet",
        "predict_masks",
        "train_segmenter",
        "predict_lesions",
        "train_classifier",
        "predict_classes",
    }
    for rule, resources in plans.items():
        wanted = "gpu" if rule in with_gpu else "cpu"
        assert resources["slurm_partition"] == wanted, rule
        assert resources.get("gpu", "1") == "1", rule
        assert not {"gpus", "nvidia_gpu"} & resources.keys(), rule


def test_every_rule_says_its_memory_and_time(plans):
    for rule in plans.keys() - TARGETS:
        assert int(plans[rule]["mem_mb"]) >= LEAST_MEMORY_MB, rule
        assert int(plans[rule]["runtime"]) > 0, rule


def test_what_needs_the_network_runs_on_the_head_node(head_node_rules, plans):
    fetch = {rule for rule in plans if rule.startswith("fetch_")}
    assert len(fetch) == 5
    assert fetch | {"write_report"} <= head_node_rules
    assert not {rule for rule in head_node_rules if "gpu" in plans.get(rule, {})}


def test_the_document_says_what_each_job_asks_for(repository, plans, head_node_rules):
    text = (repository / "docs" / "slurm.md").read_text()
    row = r"^\| (\w+_\w+)[^|]*\|.*\| (GPU, )?(\d+) GB, (\d+) (min|h) \|$"
    said = {
        rule: (bool(gpu), int(memory) * 1000, int(time) * MINUTES[unit])
        for rule, gpu, memory, time, unit in re.findall(row, text, re.M)
    }
    assert said.keys() == plans.keys() - head_node_rules - {"make_phantom"} - TARGETS
    for rule, asked in said.items():
        plan = plans[rule]
        planned = ("gpu" in plan, int(plan["mem_mb"]), int(plan["runtime"]))
        assert asked == planned, rule


def test_the_container_installs_the_lock_for_its_python(repository):
    recipe = (repository / "envs" / "lesionlab.def").read_text()
    makefile = (repository / "Makefile").read_text()
    python = re.search(r"--python-version (\S+)", makefile)[1]
    assert re.search(rf"^From: python:{re.escape(python)}-slim-bookworm$", recipe, re.M)
    copied = re.search(r"^%files\n +(\S+) (\S+)$", recipe, re.M)
    assert copied[1] == "requirements.txt"
    install = re.search(r"pip install .*", recipe)[0]
    assert "--require-hashes" in install
    assert install.endswith(f"--requirement {copied[2]}")
    assert {"libgl1", "libglib2.0-0"} <= set(recipe.split())
