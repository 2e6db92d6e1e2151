"""The bundle of a finished run says of its photographs what the run said."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from lesionlab.application.engine import judge, load_networks
from lesionlab.bundle.manifest import load_bundle
from lesionlab.data.packing import photograph_size
from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.files import read_csv, sha256_file
from workflow.runner import TINY, dry_run, overlay, stale_rules

pytestmark = pytest.mark.workflow

CLASSES = ["MEL", "NV", "Other_SC"]


@pytest.fixture(scope="module")
def run(finished):
    return finished / "results" / "tiny"


@pytest.fixture(scope="module")
def bundle(run):
    return load_bundle(run / "model")


def leave_uncalibrated(networks):
    """The same networks, whose probabilities are left as they are."""
    facts = copy.deepcopy(networks.bundle.facts)
    for about in facts["arms"].values():
        kept = about["calibration"]
        kept |= {"temperature": 1.0, "prevalence": kept["trained"]}
    return replace(networks, bundle=replace(networks.bundle, facts=facts))


def test_it_says_what_the_run_said(run, bundle):
    images = read_csv(run / "data/images.csv").set_index("image_id")
    table = read_csv(run / "comparison/predictions.csv").query("set == 'test'")
    names = table["image_id"].unique()[:6]
    photographs = [
        read_photograph(run / "phantom" / row["image"], size=photograph_size(row))
        for _, row in images.loc[names].iterrows()
    ]
    networks = load_networks(bundle, threads=1)
    plain = judge(leave_uncalibrated(networks), photographs)
    opinions = judge(networks, photographs)
    for arm in ("original", "segmented"):
        own = table[table["arm"] == arm].set_index("image_id").loc[names]
        stored = own[[f"prob_{name}" for name in CLASSES]].to_numpy(float)
        found = np.array([opinion.probabilities[arm] for opinion in plain])
        assert found == pytest.approx(stored, abs=1e-5), arm
        expected = bundle.calibration(arm).apply(found)
        found = np.array([opinion.probabilities[arm] for opinion in opinions])
        assert found == pytest.approx(expected, abs=1e-6), arm
    for name, opinion in zip(names, opinions, strict=True):
        mask = read_mask(run / f"fold0/segmentation/masks/{name}.png")
        assert (opinion.mask == mask).mean() > 0.999


def test_it_states_how_far_it_is_from_the_networks_and_from_the_run(bundle):
    export = bundle.facts["export"]
    assert export["n"] == 32
    assert set(export["classifiers"]) == {
        "original/fold0/seed1",
        "segmented/fold0/seed1",
    }
    for one in [*export["segmenters"].values(), *export["classifiers"].values()]:
        assert one["from_network"] < 1e-4
        assert one["from_run"] <= 2 / 255


def test_its_card_is_of_this_run(run, bundle):
    card = (run / "model/README.md").read_text()
    assert "# Model of run tiny" in card
    assert "say nothing about skin" in card
    for point in bundle.facts["arms"]["original"]["operating_points"]:
        assert f"| {point['threshold']:.4g} |" in card


def test_arms_of_one_network_share_its_graph_and_no_weight_is_stored_twice(run):
    graphs, weights = set(), set()
    for arm in ("original", "segmented"):
        own = run / "model/classifiers" / arm / "fold0.seed1"
        graphs.add(sha256_file(own / "classifier.onnx"))
        weights.add(sha256_file(own / "model.safetensors"))
        assert (own / "classifier.onnx").stat().st_size < 1_000_000
        of_run = run / f"fold0/classification/{arm}/seed1/model.safetensors"
        assert of_run.samefile(own / "model.safetensors")
    assert (len(graphs), len(weights)) == (1, 2)


def test_features_tell_training_photographs_apart(run, bundle):
    features = np.load(run / "model" / bundle.facts["training"]["features"])
    cases = read_csv(run / "model" / bundle.facts["training"]["cases"])
    assert len(features) == len(cases) == 30
    assert np.linalg.norm(features.astype(float), axis=1) == pytest.approx(1, abs=1e-2)


def test_a_wanted_sensitivity_is_chosen_anew_and_nothing_is_trained(finished, tmp_path):
    mine = overlay(tmp_path / "mine.yaml", {"application": {"sensitivity": [0.8]}})
    stale = stale_rules(dry_run(finished, configs=(TINY, mine)))
    assert stale == ["calibrate_arms", "build_bundle"]
