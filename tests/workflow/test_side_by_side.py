"""Trainings beside each other on one machine: they overlap, and change no bit."""

import re
import shutil
from datetime import datetime

import pytest

from lesionlab.devices import VISIBLE
from lesionlab.files import sha256_file
from workflow.runner import TINY, overlay, run_workflow

pytestmark = pytest.mark.workflow

PAIR = {"classification": {"arms": ["original"], "seeds": [1, 2]}}
LAST_WORDS = re.compile(r"^(\S+ \S+) train_classifier took (\S+) s$", re.M)


def train_pair(finished, folder, *arguments, visible=""):
    """Train two classifiers; give when each ran, in seconds, and its files' hashes."""
    checkout = shutil.copytree(finished, folder / "checkout", symlinks=True)
    configs = (TINY, overlay(folder / "pair.yaml", PAIR))
    target = "classification"
    only = ("--until", "train_classifier", "--forcerun", "train_classifier")
    environment = {VISIBLE: visible}
    run_workflow(checkout, target, *only, *arguments, configs=configs, **environment)
    run = checkout / "results" / "tiny"
    spans = []
    for log in sorted((run / "logs/train_classifier").glob("*.original.*.log")):
        ended, seconds = LAST_WORDS.search(log.read_text()).groups()
        end = datetime.fromisoformat(ended).timestamp()
        spans.append((end - float(seconds), end))
    trained = run / "fold0/classification/original"
    files = [*trained.glob("*/model.safetensors"), *trained.glob("*/history.csv")]
    assert len(spans) == 2
    assert len(files) == 4
    return spans, {path.relative_to(run): sha256_file(path) for path in files}


def overlap(spans):
    """Seconds that two trainings ran at once; negative: that lay between them."""
    (first, end), (second, other_end) = spans
    return min(end, other_end) - max(first, second)


@pytest.fixture(scope="module")
def one_after_another(finished, tmp_path_factory):
    return train_pair(finished, tmp_path_factory.mktemp("one"), "--cores", "1")


def test_trainings_overlap_and_end_in_the_same_bits(
    finished, one_after_another, tmp_path
):
    spans, alone = one_after_another
    assert overlap(spans) < 0
    spans, together = train_pair(finished, tmp_path, "--cores", "4")
    assert overlap(spans) > 0
    assert together == alone


def test_one_gpu_trains_one_network_at_a_time(finished, tmp_path):
    spans, _ = train_pair(finished, tmp_path, "--cores", "4", visible="0")
    assert overlap(spans) < 0
