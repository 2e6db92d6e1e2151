"""Slurm at its worst: each run ends in the report and the bytes of a quiet one."""

import re
import signal
import time

import pytest

from slurm.cluster import NODES
from slurm.conftest import rule_of, start
from workflow.runner import (
    TINY,
    copy_checkout,
    overlay,
    result_digests,
    run_workflow,
)

pytestmark = [pytest.mark.faults, pytest.mark.slurm]

# some two minutes: a state is saved once a minute
EPOCHS = 450
CONTINUES = r"continues at epoch (\d+), step \d+"


@pytest.fixture(scope="module")
def longer(tmp_path_factory):
    """The configs of a tiny run whose U-Net trains for some minutes."""
    path = tmp_path_factory.mktemp("config") / "longer.yaml"
    return TINY, overlay(path, {"segmentation": {"epochs": EPOCHS}})


@pytest.fixture(scope="module")
def quiet(repository, tmp_path_factory, longer):
    """Digests of the results that nothing disturbed, without Slurm."""
    checkout = copy_checkout(repository, tmp_path_factory.mktemp("quiet") / "checkout")
    run_workflow(checkout, configs=longer)
    return result_digests(checkout)


class SlurmRun:
    """A run on the cluster that is to be disturbed while the U-Net trains."""

    def __init__(self, cluster, checkout, configs):
        self.cluster, self.checkout, self.configs = cluster, checkout, configs
        self.log = checkout.with_name("head.log")
        self.training_log = checkout / "results/tiny/logs/train_unet/fold0.log"
        self.known = {job["JobId"] for job in cluster.jobs()}

    def start(self):
        self.head = start(self.cluster, self.checkout, self.log, configs=self.configs)

    def edit_profile(self, old, new):
        profile = self.checkout / "profiles" / "slurm" / "config.yaml"
        text = profile.read_text()
        assert text.count(old) == 1
        profile.write_text(text.replace(old, new))

    def wait_for(self, happened, seconds):
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.head.poll() in (None, -signal.SIGKILL), self.printed()
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def wait_for_training(self):
        """Wait until the U-Net trains; give its job."""
        states = self.checkout / "results/tiny/.state/train_unet"
        self.wait_for(lambda: any(states.glob("*/holder")), 240)
        return self.trainings()[0]

    def wait_for_state(self):
        """Wait until the U-Net has saved its state; give its job."""
        states = self.checkout / "results/tiny/.state/train_unet"
        self.wait_for(lambda: any(states.glob("*/snapshot-*.safetensors")), 400)
        return self.trainings()[0]

    def trainings(self):
        """Jobs of this run that trained the U-Net."""
        jobs = [job for job in self.cluster.jobs() if job["JobId"] not in self.known]
        return [job for job in jobs if rule_of(job) == "train_unet"]

    def printed(self):
        return self.log.read_text()[-6000:]

    def ends_as(self, quiet):
        """Whether the run ends in the report and in the bytes of a quiet run."""
        assert self.head.wait(600) == 0, self.printed()
        assert "Report: results/tiny/report.html" in self.log.read_text()
        assert (self.checkout / "results/tiny/report.html").exists()
        assert result_digests(self.checkout) == quiet
        return True


@pytest.fixture
def run(cluster, repository, tmp_path, longer):
    """A run, not started yet; whatever it broke is mended, and nothing is left."""
    made = SlurmRun(cluster, copy_checkout(repository, tmp_path / "checkout"), longer)
    yield made
    made.head.kill()
    made.head.wait()
    for node in NODES:
        if node.name not in cluster.daemons:
            cluster.start_node(node.name)
    cluster.cancel_all()
    cluster.wait_for(cluster.has_all_nodes, seconds=90)
    for job in cluster.jobs():
        assert cluster.processes(SLURM_JOB_ID=job["JobId"]) == []


def test_a_time_limit(run, quiet):
    # minutes, for the U-Net alone
    limit = "train_unet: {slurm_partition: gpu, runtime: attempt}"
    run.edit_profile("  predict_masks: *gpu\n", "")
    run.edit_profile("train_unet: &gpu", f"{limit}\n  predict_masks: &gpu")
    run.start()
    run.wait_for_training()
    assert run.ends_as(quiet)
    jobs = run.trainings()
    *stopped, last = [job["JobState"] for job in jobs]
    assert set(stopped) == {"TIMEOUT"}
    assert last == "COMPLETED"
    limits = [f"00:0{attempt}:00" for attempt in range(1, len(jobs) + 1)]
    assert [job["TimeLimit"] for job in jobs] == limits
    assert re.search(CONTINUES, run.training_log.read_text())


@pytest.mark.parametrize("requeue", [True, False])
def test_a_crashed_node(run, quiet, requeue):
    if not requeue:
        run.edit_profile("slurm-requeue: true", "slurm-no-requeue: true")
    run.start()
    job = run.wait_for_state()
    run.cluster.crash_node(job["NodeList"])
    assert run.ends_as(quiet)
    jobs = run.trainings()
    assert jobs[-1]["JobState"] == "COMPLETED"
    assert [j["Restarts"] for j in jobs] == (["1"] if requeue else ["0", "0"])
    assert re.search(CONTINUES, run.training_log.read_text())


def test_a_controller_that_restarts(run, quiet):
    run.start()
    run.wait_for_state()
    run.cluster.end("slurmctld", signal.SIGKILL)
    time.sleep(20)
    run.cluster.start_controller()
    assert run.ends_as(quiet)
    assert [job["JobState"] for job in run.trainings()] == ["COMPLETED"]


def test_the_head_killed_and_started_again(run, quiet):
    run.start()
    run.wait_for_training()
    run.head.kill()
    run.head.wait()
    # what docs/slurm.md says
    queue = ("squeue", "--me", "--noheader")
    run.wait_for(lambda: not run.cluster.call(*queue).strip(), 600)
    trained = run.training_log.read_text()
    run_workflow(run.checkout, "--unlock", configs=run.configs)
    run.start()
    assert run.ends_as(quiet)
    assert f"epoch {EPOCHS + 1} " in trained
    assert run.training_log.read_text() == trained  # it was not run again


def test_ctrl_c(run, quiet):
    run.start()
    run.wait_for_training()
    run.wait_for(lambda: "epoch 3 " in run.training_log.read_text(), 120)
    run.head.send_signal(signal.SIGINT)
    assert run.head.wait(120) != 0
    queue = ("squeue", "--me", "--noheader")
    run.cluster.wait_for(lambda: not run.cluster.call(*queue).strip(), seconds=60)
    stopped = re.search(
        r"stopped at (epoch \d+, step \d+)", run.training_log.read_text()
    )
    assert stopped, run.printed()
    run.start()
    assert run.ends_as(quiet)
    assert f"continues at {stopped[1]}" in run.training_log.read_text()
