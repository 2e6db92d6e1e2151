"""Jobs share what this machine has: its memory, its GPUs, or less if one says so."""

import contextlib
import os

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import (
    ConfigSettings,
    OutputSettings,
    ResourceSettings,
    WorkflowSettings,
)
from snakemake_interface_executor_plugins.settings import ExecMode

from lesionlab.devices import VISIBLE
from lesionlab.host.machine import memory_mb
from workflow.runner import TINY, asked_resources, copy_checkout, dry_run, overlay

MACHINE_MB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 10**6
CONTAINER_MB = 123
# by presets/ham10000-cpu.yaml on two cores: docs/results.md
MEASURED_MB = {"train_unet": 1560, "train_classifier": 2660}


@pytest.fixture(scope="module")
def checkout(repository, tmp_path_factory):
    return copy_checkout(repository, tmp_path_factory.mktemp("machine"))


@pytest.fixture
def limits(checkout, monkeypatch):
    """Read the workflow as Snakemake would, and give what it limits."""
    monkeypatch.setattr("lesionlab.host.machine.memory_mb", lambda: CONTAINER_MB)

    def read(*, mode=ExecMode.DEFAULT, visible="0,1", **resources):
        monkeypatch.setenv(VISIBLE, visible)
        with (
            contextlib.chdir(checkout),
            SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api,
        ):
            parsed = api.workflow(
                resource_settings=ResourceSettings(**resources),
                config_settings=ConfigSettings(configfiles=[TINY]),
                workflow_settings=WorkflowSettings(exec_mode=mode),
            )
            parsed.dag()
            shared = parsed._workflow.global_resources
        return {
            name: shared[name].value for name in ("mem_mb", "gpu") if name in shared
        }

    return read


def test_jobs_share_the_memory_and_the_visible_gpus(limits):
    assert limits(cores=16) == {"mem_mb": CONTAINER_MB, "gpu": 2}


def test_without_a_gpu_cores_and_memory_are_the_limit(limits):
    assert limits(cores=16, visible="") == {"mem_mb": CONTAINER_MB}


def test_what_the_user_limits_stays(limits):
    assert limits(cores=16, resources={"gpu": 1, "mem": "4GB"}) == {
        "gpu": 1,
        "mem_mb": 4000,
    }
    assert limits(cores=16, resources={"gpu": 5}) == {"gpu": 5, "mem_mb": CONTAINER_MB}


def test_jobs_that_are_submitted_are_not_limited(limits):
    assert limits(nodes=20, local_cores=2) == {}


@pytest.mark.parametrize("mode", [ExecMode.SUBPROCESS, ExecMode.REMOTE])
def test_the_process_of_one_job_limits_nothing(limits, mode):
    assert limits(cores=1, mode=mode) == {}


def test_a_job_that_asks_for_more_than_there_is_still_runs(checkout):
    printed = dry_run(checkout, "--resources", "mem_mb=500", "gpu=0")
    for rule, asked in asked_resources(printed).items():
        assert int(asked.get("mem_mb", 0)) <= 500, rule
        assert asked.get("gpu", "0") == "0", rule


@pytest.mark.parametrize(("visible", "least"), [("", 0), ("0", 8000)])
def test_a_training_asks_for_what_was_measured_and_some_more(
    checkout, repository, tmp_path, monkeypatch, visible, least
):
    monkeypatch.setenv(VISIBLE, visible)
    preset = yaml.safe_load((repository / "presets/ham10000-cpu.yaml").read_text())
    sizes = {name: preset[name] for name in ("segmentation", "classification")}
    sizes["classification"]["weights"] = "none"
    configs = (TINY, overlay(tmp_path / "sizes.yaml", sizes))
    asked = asked_resources(
        dry_run(checkout, "--resources", "mem_mb=99000", configs=configs)
    )
    for rule, measured in MEASURED_MB.items():
        mem_mb = int(asked[rule]["mem_mb"])
        assert mem_mb == least or 1.25 * measured < mem_mb < 1.5 * measured, rule


def group_limits(root, groups, **limits):
    """Pretend control groups: their list, and limits by path below ``cgroup``."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for path, limit in limits.items():
        file = root / "sys/fs/cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{limit}\n")
    return memory_mb(root)


@pytest.mark.parametrize(
    ("groups", "limits", "megabytes"),
    [
        ("0::/\n", {"memory.max": "max"}, MACHINE_MB),
        ("0::/\n", {"memory.max": 10**60}, MACHINE_MB),
        ("0::/\n", {"memory.max": 3_000_000}, 3),
        # a batch job's limit stands above the group of its step
        (
            "0::/slice/job/step\n",
            {"slice/job/step/memory.max": "max", "slice/job/memory.max": 2_500_000},
            2,
        ),
        (
            "5:cpu:/\n4:pids,memory:/job\n",
            {
                "memory/job/memory.limit_in_bytes": 7_000_000,
                "memory/memory.limit_in_bytes": 9_000_000,
                "job/memory.limit_in_bytes": 1_000_000,
            },
            7,
        ),
        # in a container: the path is that of the host
        ("4:memory:/docker/1a\n", {"memory/memory.limit_in_bytes": 6_000_000}, 6),
    ],
)
def test_the_lowest_limit_of_a_container_or_batch_job_counts(
    tmp_path, groups, limits, megabytes
):
    assert group_limits(tmp_path, groups, **limits) == megabytes


def test_without_control_groups_the_machine_counts(tmp_path):
    assert memory_mb(tmp_path) == MACHINE_MB
