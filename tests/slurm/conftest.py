"""One cluster, and one run on it in which a training is cancelled."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from lesionlab.devices import list_gpus
from slurm.cluster import Cluster, missing_programs
from workflow.runner import TINY, copy_checkout

FAST_POLL = Path(__file__).with_name("fast_poll.py")
TRAININGS = ("train_unet", "train_classifier")


@dataclass(frozen=True)
class Run:
    """A run that ended well."""

    results: Path
    jobs: list  # of Slurm, as its scontrol shows them
    together: dict  # by rule: the jobs of two trainings while both were held
    cancelled: dict  # one of these
    devices: list  # job id and CUDA_VISIBLE_DEVICES of every task


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """A real Slurm on this machine."""
    missing = missing_programs()
    if missing:
        install = "apt-get install munge slurmctld slurmd slurm-client"
        pytest.skip(f"no Slurm here, {', '.join(missing)} missing: {install}")
    if list_gpus():
        pytest.skip("real GPUs here: the test cluster's own are pretended")
    with Cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster
    assert cluster.left_over == []


def start(cluster, checkout, log, *arguments, configs=(TINY,), **environment):
    """Start Snakemake as docs/slurm.md says, with quick looks at its jobs."""
    command = [sys.executable, str(FAST_POLL), "--workflow-profile", "profiles/slurm"]
    command += ["--slurm-init-seconds-before-status-checks", "1"]
    command += ["--latency-wait", "10", *arguments]
    command += ["--configfile", *map(str, configs)]
    with log.open("w") as stream:
        return subprocess.Popen(
            command,
            cwd=checkout,
            env={**cluster.environment(), **environment},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )


def rule_of(job):
    """Name of a job's rule; the plugin writes it, and wildcards, into the comment."""
    return job["Comment"].removeprefix("rule_").split("_wildcards_")[0]


def job_of(cluster, rule):
    """Job of a rule that was submitted once."""
    return next(job for job in cluster.jobs() if rule_of(job) == rule)


def freeze_two_trainings(cluster, checkout, head, log):
    """Stop each training once it has begun, until both have; give their jobs."""
    states = checkout / "results" / "tiny" / ".state"
    waiting = set(TRAININGS)
    deadline = time.monotonic() + 600
    while waiting:
        assert head.poll() is None, log.read_text()[-6000:]
        assert time.monotonic() < deadline, log.read_text()[-6000:]
        for rule in [r for r in waiting if any(states.glob(f"{r}/*/holder"))]:
            job = job_of(cluster, rule)
            cluster.call("scancel", "--signal=STOP", job["JobId"])
            waiting.remove(rule)
        time.sleep(0.02)
    return {rule: job_of(cluster, rule) for rule in TRAININGS}


@pytest.fixture(scope="session")
def slurm_run(cluster, repository, tmp_path_factory):
    """The tiny run through sbatch; its classifier was cancelled as it trained."""
    folder = tmp_path_factory.mktemp("slurm_run")
    checkout = copy_checkout(repository, folder / "checkout")
    others = {job["JobId"] for job in cluster.jobs()}
    log = folder / "head.log"
    head = start(cluster, checkout, log)
    try:
        together = freeze_two_trainings(cluster, checkout, head, log)
        cancelled = together["train_classifier"]
        cluster.call("scancel", "--signal=CONT", together["train_unet"]["JobId"])
        cluster.call("scancel", cancelled["JobId"])
        assert head.wait(900) == 0, log.read_text()[-6000:]
    finally:
        head.kill()
        head.wait()
    results = checkout / "results" / "tiny"
    jobs = [job for job in cluster.jobs() if job["JobId"] not in others]
    return Run(results, jobs, together, cancelled, cluster.devices())
