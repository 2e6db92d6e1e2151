"""Trainings killed at random end in the bits of a training that nobody killed."""

import hashlib
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("trainings.py")
OUTPUTS = {
    "unet": ("weights.weights.h5", "history.csv", "training.json", "probabilities.npy"),
    "classifier": ("model.safetensors", "history.csv", "training.json"),
}
OUTPUTS["classifier"] += ("predictions.csv",)
KILLS_EACH = 10  # in one training
LEAVES_WITHIN = 20  # seconds after a SIGTERM


def start(kind, folder, *how):
    command = [sys.executable, str(WORKER), kind, str(folder), *how]
    with (folder / "errors.txt").open("a") as errors:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True
        )


def digests(kind, folder):
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in OUTPUTS[kind]
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """By kind: outputs, digests of every state on the way, and the number of marks."""
    found = {}
    for kind in OUTPUTS:
        folder = tmp_path_factory.mktemp(kind)
        with start(kind, folder, "every") as worker:
            marks = worker.stdout.read().splitlines()
        assert worker.returncode == 0, (folder / "errors.txt").read_text()
        states = {line.split()[1] for line in marks if line.startswith("saved")}
        found[kind] = digests(kind, folder), states, len(marks) - 2 * len(states)
    return found


def kill_once(worker, within, draw, sign):
    """Send a signal a moment after one of so many marks; give the marks seen."""
    stop_at, seen = draw.randint(1, within), []
    for line in worker.stdout:
        seen.append(line.strip())
        if len(seen) == stop_at:
            time.sleep(draw.uniform(0, 0.05))  # into a step, or into the next save
            worker.send_signal(sign)
    return seen


def train_and_kill(kind, folder, whole, *, kills, seed):
    """Kill one training so often, then let it end; give the number of kills."""
    outputs, states, marks = whole[kind]
    draw, killed = random.Random(seed), 0
    within = 2 * marks // kills  # spreads them over the training
    while True:
        with start(kind, folder) as worker:
            if killed < kills:
                seen = kill_once(worker, within, draw, signal.SIGKILL)
            else:
                seen = worker.stdout.read().splitlines()
        saved = {line.split()[1] for line in seen if line.startswith("saved")}
        assert saved <= states
        if worker.returncode == 0:
            break
        assert worker.returncode == -signal.SIGKILL, (folder / "errors.txt").read_text()
        killed += 1
    assert digests(kind, folder) == outputs
    return killed


@pytest.mark.parametrize("kind", OUTPUTS)
def test_three_kills(kind, whole, tmp_path):
    assert train_and_kill(kind, tmp_path, whole, kills=3, seed=0) > 0


@pytest.mark.faults
@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_hundred_kills(kind, whole, tmp_path):
    killed, seed = 0, 1
    while killed < 100:
        folder = tmp_path / str(seed)
        folder.mkdir()
        wanted = min(KILLS_EACH, 100 - killed)
        killed += train_and_kill(kind, folder, whole, kills=wanted, seed=seed)
        seed += 1
    print(f"{kind}: {killed} kills in {seed - 1} trainings")


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_stop_saves_and_leaves_in_time(kind, sign, whole, tmp_path):
    outputs, states, _ = whole[kind]
    with start(kind, tmp_path) as worker:
        for line in worker.stdout:
            if line.startswith("at epoch 3"):
                worker.send_signal(sign)
                asked = time.monotonic()
                break
        last = worker.stdout.read().splitlines()[-1]
        worker.wait()
    assert time.monotonic() - asked < LEAVES_WITHIN
    assert last.split()[0] == "saved"
    assert last.split()[1] in states
    text = (tmp_path / "errors.txt").read_text()
    assert re.search(
        rf"stopped at epoch 3, step \d+ \({sign.name}\); the progress", text
    )
    with start(kind, tmp_path) as worker:
        assert worker.stdout.readline().startswith("at epoch 3")
        worker.stdout.read()
    assert digests(kind, tmp_path) == outputs
