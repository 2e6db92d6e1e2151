"""The model of a finished run says of the run's photographs what the run says."""

import shutil

import cv2
import numpy as np
import pytest

from lesionlab.application.engine import classify, find_lesions, judge, load_networks
from lesionlab.application.photographs import decode_photograph
from lesionlab.bundle.manifest import load_bundle
from lesionlab.decoding.masks import read_mask
from lesionlab.files import read_csv
from workflow.runner import TINY, dry_run, overlay, run_workflow, stale_rules

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def run(finished):
    return finished / "results" / "tiny"


@pytest.fixture(scope="module")
def networks(run):
    return load_networks(load_bundle(run / "model"), threads=1)


@pytest.fixture(scope="module")
def tested(run):
    """Image ids of validation and test, and their photographs as a user has them."""
    images = read_csv(run / "data/images.csv").set_index("image_id")["image"]
    names = read_csv(run / "application/likeness.csv")["image_id"].tolist()
    files = [run / "phantom" / images[name] for name in names]
    return names, [decode_photograph(path.read_bytes()) for path in files]


def test_raw_probabilities_are_those_of_the_run(run, networks, tested):
    names, photographs = tested
    probabilities, _, _ = classify(
        networks, photographs, find_lesions(networks, photographs)
    )
    assert set(probabilities) == {"original", "segmented"}
    for arm, by_fold in probabilities.items():
        path = run / f"fold0/classification/{arm}/seed1/predictions.csv"
        table = read_csv(path).set_index("image_id").loc[names]
        told = table[[f"prob_{name}" for name in networks.bundle.classes]].to_numpy()
        np.testing.assert_allclose(by_fold["fold0"], told, atol=1e-4)


def test_masks_and_scores_are_those_of_the_run(run, networks, tested):
    names, photographs = tested
    scores = read_csv(run / "application/likeness.csv").set_index("image_id")
    masks = read_csv(run / "fold0/segmentation/masks/manifest.csv")
    masks = masks.set_index("image_id")["file"]
    opinions = judge(networks, photographs)
    for name, opinion in zip(names, opinions, strict=True):
        drawn = read_mask(run / "fold0/segmentation/masks" / masks[name])
        # a map is stored in 255 steps, and one may fall on the other side
        assert (opinion.mask != drawn).mean() < 0.002
        for score, value in opinion.scores.items():
            assert value == pytest.approx(scores.loc[name, score], abs=2e-3), score
    # each warning names about as many of the test photographs as the model says
    facts = networks.bundle.facts["likeness"]
    tested = (scores["set"] == "test").to_numpy()
    named = [bool(opinion.warnings) for opinion in opinions]
    assert np.mean(np.array(named)[tested]) == pytest.approx(
        facts["false_alarms"]["any"], abs=0.026
    )


def test_target_predict_says_what_it_lacks(finished):
    done = run_workflow(finished, "-n", "predict", check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        "predict: application.photographs is null; name the folder of the new "
        "photographs there"
    )


def test_the_target_predicts_and_predicts_anew_when_a_photograph_changes(
    finished, run, tmp_path
):
    checkout = tmp_path / "copy"
    shutil.copytree(finished, checkout, symlinks=True)
    folder = tmp_path / "new"
    folder.mkdir()
    files = sorted((run / "phantom/images").iterdir())[:3]
    for path in files:
        shutil.copy(path, folder)
    wanted = {"application": {"photographs": str(folder)}}
    configs = (TINY, overlay(tmp_path / "mine.yaml", wanted))

    def predict():
        run_workflow(checkout, "predict", configs=configs)
        table = checkout / "results/tiny/predictions/predictions.csv"
        return {line.split(",")[0]: line for line in table.read_text().splitlines()[1:]}

    first = predict()
    names = [path.name for path in files]
    assert list(first) == names
    assert all(first[name].startswith(f"{name},,") for name in names)
    masks = checkout / "results/tiny/predictions/predictions_masks"
    assert len(list(masks.glob("*.png"))) == 3
    assert stale_rules(dry_run(checkout, "predict", configs=configs)) == []
    changed = folder / names[1]
    cv2.imwrite(str(changed), 255 - cv2.imread(str(changed)))
    (folder / "empty.jpg").touch()
    second = predict()
    assert second["empty.jpg"].startswith("empty.jpg,empty file,")
    assert {name for name in names if first[name] != second[name]} == {changed.name}
