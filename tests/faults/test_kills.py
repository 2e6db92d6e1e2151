"""Trainings killed at random end in the bits of a training that nobody killed."""

import hashlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("trainings.py")
OUTPUTS = {
    "unet": ("weights.weights.h5", "history.csv", "training.json", "probabilities.npy"),
    "classifier": ("model.safetensors", "history.csv", "training.json"),
}
OUTPUTS["classifier"] += ("predictions.csv",)
OUTPUTS["segmenter"] = ("segmenter.safetensors", *OUTPUTS["unet"][1:])
KILLS_EACH = 10  # in one training
STEPS = {"unet": 7, "segmenter": 7, "classifier": 5}  # an epoch
MOMENTS = {"step", "validation", "between epochs", "save"}
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
    """By kind: outputs, digests of every state on the way, and the number of marks.

    The folder of each training stays, with the state that it has finished.
    """
    found = {}
    for kind in OUTPUTS:
        folder = tmp_path_factory.mktemp(kind)
        with start(kind, folder, "every") as worker:
            marks = worker.stdout.read().splitlines()
        assert worker.returncode == 0, (folder / "errors.txt").read_text()
        states = {line.split()[1] for line in marks if line.startswith("saved")}
        count = len(marks) - 2 * len(states)
        found[kind] = digests(kind, folder), states, count, folder
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


def moment(kind, mark):
    """Name what a training does after a mark."""
    step = re.search(r"step (\d+)", mark)
    if not step:
        return "save" if mark == "save" else "step"
    return {0: "between epochs", STEPS[kind]: "validation"}.get(int(step[1]), "step")


def train_and_kill(kind, folder, whole, *, kills, seed):
    """Kill one training so often, then let it end; count the kills by their moment."""
    outputs, states, marks, _ = whole[kind]
    draw, killed = random.Random(seed), Counter()
    within = 3 * marks // (2 * kills)  # spreads them over the training
    while True:
        with start(kind, folder) as worker:
            if killed.total() < kills:
                seen = kill_once(worker, within, draw, signal.SIGKILL)
            else:
                seen = worker.stdout.read().splitlines()
        saved = {line.split()[1] for line in seen if line.startswith("saved")}
        assert saved <= states
        if worker.returncode == 0:
            break
        assert worker.returncode == -signal.SIGKILL, (folder / "errors.txt").read_text()
        killed[moment(kind, seen[-1])] += 1
    assert digests(kind, folder) == outputs
    return killed


def kill_trainings(kind, folder, whole, *, kills):
    """Train again and again until so many kills are survived; count them likewise."""
    killed, seed = Counter(), 0
    while killed.total() < kills:
        seed += 1
        one = folder / str(seed)
        one.mkdir()
        wanted = min(KILLS_EACH, kills - killed.total())
        killed += train_and_kill(kind, one, whole, kills=wanted, seed=seed)
    print(f"{kind}: {dict(killed)} in {seed} trainings")
    return killed


@pytest.mark.parametrize("kind", OUTPUTS)
def test_three_kills(kind, whole, tmp_path):
    assert kill_trainings(kind, tmp_path, whole, kills=3).total() == 3


@pytest.mark.faults
@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_hundred_kills(kind, whole, tmp_path):
    killed = kill_trainings(kind, tmp_path, whole, kills=100)
    assert killed.total() == 100
    assert killed.keys() == MOMENTS


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_training_that_has_finished_is_taken_over(kind, whole, tmp_path):
    outputs, *_, trained = whole[kind]
    folder = shutil.copytree(trained, tmp_path / kind)
    for name in outputs:
        (folder / name).unlink()
    with start(kind, folder) as worker:
        assert worker.stdout.read() == "done\n"  # no step
    assert digests(kind, folder) == outputs


@pytest.mark.parametrize(
    ("kind", "sign"), [("unet", signal.SIGINT), ("classifier", signal.SIGTERM)]
)
def test_a_stop_saves_and_leaves_in_time(kind, sign, whole, tmp_path):
    outputs, states, *_ = whole[kind]
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
