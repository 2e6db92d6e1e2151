"""Training states: whole or not used, one writer, another identity elsewhere."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.numpy

from lesionlab.errors import LabError
from lesionlab.state import TrainingState
from unit.room import little_room

LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts"
HOLD = """
import sys
sys.path.insert(0, {library!r})
from pathlib import Path
from lesionlab.state import TrainingState
with TrainingState(Path({folder!r}), {{"seed": 1}}):
    print("held", flush=True)
    sys.stdin.read()
"""


def arrays(value):
    return {
        "weights": np.full((3, 5), value, np.float32),
        "step": np.array(value, np.int64),
        "empty": np.zeros((0, 2), np.float32),
    }


@pytest.fixture
def state(tmp_path):
    with TrainingState(tmp_path, {"seed": 1}) as state:
        yield state


def snapshots(state):
    return sorted(state.folder.glob("snapshot-*"))


def test_a_new_state_is_empty(state):
    assert state.load() is None


def test_a_snapshot_comes_back_as_it_went(state):
    state.save(arrays(7), {"epoch": 3, "best": 0.5})
    found, facts = state.load()
    assert facts == {"epoch": 3, "best": 0.5}
    for name, value in arrays(7).items():
        assert found[name].dtype == value.dtype
        assert np.array_equal(found[name], value)
        assert found[name].shape == value.shape


def test_two_snapshots_are_kept(state):
    for epoch in range(5):
        state.save(arrays(epoch), {"epoch": epoch})
    assert len(snapshots(state)) == 2
    assert state.load()[1] == {"epoch": 4}


def test_another_identity_never_finds_it(state, tmp_path):
    state.save(arrays(1), {})
    for other in ({"seed": 2}, {"seed": 1, "threads": 2}, {"seed": "1"}):
        with TrainingState(tmp_path, other) as stranger:
            assert stranger.load() is None


def test_of_a_finished_training_the_last_snapshot_alone_stays(state):
    for value in (1, 2):
        state.save(arrays(value), {})
    state.finish()
    assert len(snapshots(state)) == 1
    assert state.load()[0]["step"] == 2


@pytest.mark.parametrize("seed", range(500))
def test_a_flipped_bit_is_detected_and_the_previous_snapshot_used(state, seed):
    for epoch in (1, 2):
        state.save(arrays(epoch), {"epoch": epoch})
    newest = snapshots(state)[-1]
    content = bytearray(newest.read_bytes())
    draw = np.random.default_rng(seed)
    content[draw.integers(len(content))] ^= 1 << draw.integers(8)
    newest.write_bytes(content)
    assert state.load()[1] == {"epoch": 1}


@pytest.mark.parametrize("share", np.linspace(0, 0.999, 500))
def test_a_snapshot_cut_short_is_detected(state, share):
    for epoch in (1, 2):
        state.save(arrays(epoch), {"epoch": epoch})
    newest = snapshots(state)[-1]
    newest.write_bytes(newest.read_bytes()[: int(share * newest.stat().st_size)])
    assert state.load()[1] == {"epoch": 1}


def test_with_no_good_snapshot_the_training_begins_and_says_so(state, caplog):
    state.save(arrays(1), {})
    snapshots(state)[0].write_bytes(b"")
    assert state.load() is None
    assert "no good snapshot, begins anew" in caplog.text


@pytest.mark.parametrize("version", [0, 2, None])
def test_a_snapshot_of_another_version_is_ignored(state, caplog, monkeypatch, version):
    state.save(arrays(1), {"epoch": 1})
    monkeypatch.setattr("lesionlab.state.FORMAT", version)
    state.save(arrays(2), {"epoch": 2, "new": {}})
    monkeypatch.undo()
    assert state.load()[1] == {"epoch": 1}
    assert "of another version, is ignored" in caplog.text


def test_a_whole_file_that_is_no_snapshot_is_ignored(state, caplog):
    bodies = (b"", b"text", safetensors.numpy.save(arrays(1)))
    for number, body in enumerate(bodies):
        path = state.folder / f"snapshot-{number:08d}.safetensors"
        path.write_bytes(body + hashlib.sha256(body).digest())
    assert state.load() is None
    assert "no good snapshot, begins anew" in caplog.text


def test_a_damaged_snapshot_never_pushes_out_a_good_one(state):
    for epoch in (1, 2):
        state.save(arrays(epoch), {"epoch": epoch})
    for epoch in (3, 4):
        snapshots(state)[-1].write_bytes(b"damaged")
        assert state.load()[1] == {"epoch": 1}
        state.save(arrays(epoch), {"epoch": epoch})
    assert state.load()[1] == {"epoch": 4}


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr("fcntl.flock", flock)
    with (
        pytest.raises(LabError, match=r"no locks .*put results/"),
        TrainingState(tmp_path, {}),
    ):
        pass


def test_a_full_disk_leaves_the_previous_snapshot_good(state):
    state.save(arrays(1), {"epoch": 1})
    with little_room(), pytest.raises(LabError, match=r"cannot be saved .* make room"):
        state.save({"weights": np.zeros(10_000)}, {"epoch": 2})
    assert state.load()[1] == {"epoch": 1}
    assert not list(state.folder.glob("*.draft"))


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_answered_at_the_next_checkpoint(tmp_path, kind):
    handler = signal.getsignal(kind)
    with TrainingState(tmp_path, {}, save_seconds=1e9) as state:
        save = partial(state.save, arrays(4), {"epoch": 4})
        state.checkpoint(save, SimpleNamespace(epoch=4, step=1))
        assert state.load() is None
        os.kill(os.getpid(), kind)
        with pytest.raises(LabError, match=f"epoch 4, step 2 .{kind.name}.*saved"):
            state.checkpoint(save, SimpleNamespace(epoch=4, step=2))
        assert state.load()[1] == {"epoch": 4}
    assert signal.getsignal(kind) is handler


@pytest.mark.parametrize(("seconds", "done"), [(0, ["settled", "saved"]), (1e9, [])])
def test_a_checkpoint_settles_and_saves_when_it_is_time(tmp_path, seconds, done):
    calls = []
    with TrainingState(tmp_path, {}, save_seconds=seconds) as state:
        state.checkpoint(
            lambda: calls.append("saved"),
            SimpleNamespace(epoch=1, step=1),
            lambda: calls.append("settled"),
        )
    assert calls == done


def test_a_second_process_waits_and_says_for_whom(tmp_path, caplog):
    script = HOLD.format(library=str(LIBRARY), folder=str(tmp_path))
    command = [sys.executable, "-c", script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as holder:
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        threading.Timer(1, holder.stdin.close).start()
        with TrainingState(tmp_path, {"seed": 1}):
            assert time.monotonic() - started > 0.5
    assert f"process {holder.pid} on" in caplog.text
