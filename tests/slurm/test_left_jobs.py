"""A head process that is started while jobs of a dead one are in the queue."""

import re
from contextlib import suppress

import psutil
import pytest

from slurm.conftest import rule_of, start
from workflow.runner import copy_checkout, run_workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slurm]

TARGET = "results/tiny/data/phantom.csv"


class LeftJob:
    """One job on the cluster, and heads that are started and killed around it."""

    def __init__(self, cluster, folder, checkout):
        self.cluster, self.folder, self.checkout = cluster, folder, checkout
        self.known = {job["JobId"] for job in cluster.jobs()}
        self.heads = []

    def start(self, **environment):
        log = self.folder / f"head{len(self.heads)}.log"
        head = start(self.cluster, self.checkout, log, TARGET, **environment)
        self.heads.append(head)
        return head, log

    def jobs(self):
        jobs = [job for job in self.cluster.jobs() if job["JobId"] not in self.known]
        assert {rule_of(job) for job in jobs} <= {"make_phantom"}
        return jobs

    def kill_head_once(self, state):
        """Start a head, kill it once its job is in this state; give the job.

        A running job is stopped first, or it would end meanwhile.
        """
        head, log = self.start()

        def reached():
            assert head.poll() is None, log.read_text()[-3000:]
            return [job for job in self.jobs() if job["JobState"] == state]

        self.cluster.wait_for(reached, 90)
        if state == "RUNNING":
            self.stop_task(self.jobs()[0]["JobId"])
        head.kill()
        head.wait()
        run_workflow(self.checkout, "--unlock")
        return self.jobs()[0]

    def stop_task(self, job_id):
        """Stop what a job runs; a signal before that has begun would be lost."""

        def begun():
            step = {"SLURM_JOB_ID": job_id, "SLURM_STEP_ID": "0"}
            return any(map(is_snakemake, self.cluster.processes(**step)))

        self.cluster.wait_for(begun, 90)
        self.cluster.call("scancel", "--signal=STOP", job_id)


def is_snakemake(pid):
    with suppress(psutil.NoSuchProcess):
        return "snakemake" in psutil.Process(pid).cmdline()
    return False


@pytest.fixture
def left(cluster, repository, tmp_path):
    """The job's partition is up again afterwards, and nothing is left in the queue."""
    made = LeftJob(cluster, tmp_path, copy_checkout(repository, tmp_path / "checkout"))
    yield made
    for head in made.heads:
        head.kill()
        head.wait()
    cluster.call("scontrol", "update", "PartitionName=cpu", "State=UP")
    cluster.cancel_all()
    cluster.wait_for(cluster.has_all_nodes, seconds=90)


def test_a_waiting_job_is_named_and_not_submitted_again(left):
    left.cluster.call("scontrol", "update", "PartitionName=cpu", "State=DOWN")
    job = left.kill_head_once("PENDING")
    head, log = left.start()
    assert head.wait(90) == 1
    printed = log.read_text()
    assert printed.splitlines()[-1] == (
        "slurm: jobs of an earlier call for results/tiny still run or wait: "
        f"{job['JobId']} make_phantom (pending); wait until they end, or set "
        "LESIONLAB_WAIT=30 to let this call wait for them, or cancel them: scancel "
        f"{job['JobId']}"
    )
    assert "Traceback" not in printed
    assert len(left.jobs()) == 1
    # it was this call's lock, and it is gone: nothing to unlock once the job is
    left.cluster.call("scancel", job["JobId"])
    left.cluster.call("scontrol", "update", "PartitionName=cpu", "State=UP")
    head, log = left.start()
    assert head.wait(120) == 0, log.read_text()[-3000:]
    assert [job["JobState"] for job in left.jobs()] == ["CANCELLED", "COMPLETED"]
    assert (left.checkout / TARGET).exists()


def test_a_running_job_is_waited_for_and_not_repeated(left):
    job = left.kill_head_once("RUNNING")
    head, log = left.start(LESIONLAB_WAIT="1")
    waits = rf"slurm: waits for jobs of an earlier call: {job['JobId']} make_phantom"
    left.cluster.wait_for(lambda: re.search(waits, log.read_text()), 90)
    assert head.poll() is None
    left.cluster.call("scancel", "--signal=CONT", job["JobId"])
    assert head.wait(120) == 0, log.read_text()[-3000:]
    assert [job["JobState"] for job in left.jobs()] == ["COMPLETED"]
    assert "Nothing to be done" in log.read_text()
