"""Snakemake killed during each rule in turn, and the documented recovery."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from workflow.runner import (
    TINY,
    copy_checkout,
    overlay,
    result_digests,
    run_workflow,
)

RULES_OF_EACH_ARM = {
    "pack_images",
    "train_classifier",
    "predict_classes",
    "score_classes",
}
FINISHED = re.compile(r"Finished jobid: \d+ \(Rule: (\w+)\)")


def start(checkout, log, *configs):
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    command += ["--configfile", *map(str, (TINY, *configs))]
    with log.open("w") as stream:
        return subprocess.Popen(
            command,
            cwd=checkout,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def jobs_left(checkout):
    """Scripts of this checkout that still run: `pgrep -f .snakemake/scripts`."""
    mark = f"{checkout}/.snakemake/scripts"
    found = subprocess.run(["pgrep", "-f", mark], capture_output=True, text=True)
    return found.stdout.split()


def wait_for(happened, seconds):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def recover(checkout):
    """What docs/reliability.md says: wait for the jobs, unlock, run again."""
    wait_for(lambda: not jobs_left(checkout), 120)
    run_workflow(checkout, "--unlock")


def kill_at_next_rule(checkout, log, seen):
    """Run until a rule starts that was not killed yet; kill the head; name it."""
    head = start(checkout, log)
    logs = checkout / "results" / "tiny" / "logs"
    new = []

    def begun():
        new[:] = [
            p.name for p in logs.glob("*") if p.name not in seen and any(p.iterdir())
        ]
        return new or head.poll() is not None

    wait_for(begun, 300)
    head.send_signal(signal.SIGKILL)
    head.wait()
    return new


@pytest.mark.faults
def test_the_head_is_killed_during_each_rule_in_turn(repository, finished, tmp_path):
    checkout = copy_checkout(repository, tmp_path / "checkout")
    log, seen, finished_rules, kills = tmp_path / "head.log", set(), [], 0
    while True:
        names = kill_at_next_rule(checkout, log, seen)
        finished_rules += FINISHED.findall(log.read_text())
        if not names:
            break
        seen |= set(names)
        kills += 1
        recover(checkout)
    assert "Report: results/tiny/report.html" in log.read_text()
    assert result_digests(checkout) == result_digests(finished)
    for rule in set(finished_rules):
        jobs = 2 if rule in RULES_OF_EACH_ARM else 1
        assert finished_rules.count(rule) == jobs, rule
    print(f"{kills} kills of the head process, in {sorted(seen)}")


@pytest.mark.faults
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_workflow_leaves_in_time_and_goes_on(repository, tmp_path, sign):
    checkout = copy_checkout(repository, tmp_path / "checkout")
    longer = overlay(tmp_path / "longer.yaml", {"segmentation": {"epochs": 60}})
    head = start(checkout, tmp_path / "head.log", longer)
    log = checkout / "results" / "tiny" / "logs" / "train_unet" / "fold0.log"
    wait_for(lambda: log.exists() and "epoch 3 " in log.read_text(), 200)
    asked = time.monotonic()
    os.killpg(head.pid, sign)  # as a terminal, or a batch system, sends it to all
    assert head.wait(60) != 0
    assert time.monotonic() - asked < 20
    assert not jobs_left(checkout)
    printed = (tmp_path / "head.log").read_text()
    where = re.search(r"stopped at epoch (\d+), step (\d+) \(SIG", printed)
    run_workflow(checkout, "segmentation", configs=(TINY, longer))
    assert f"continues at epoch {where[1]}, step {where[2]}" in log.read_text()
