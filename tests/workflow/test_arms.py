"""All arms at once: what each waits for, and what folds and seeds share."""

import re
import shutil

import numpy as np
import pytest

from lesionlab.classification.arms import ARMS
from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.files import read_csv
from workflow.runner import TINY, dry_run, overlay, run_workflow, stale_rules

pytestmark = pytest.mark.workflow

SHARED = [name for name, arm in ARMS.items() if arm.mask != "predicted"]
MODULE = "workflow/scripts/lesionlab/classification/arms.py"


@pytest.fixture
def all_arms(folder_config, tmp_path):
    """The configs of the run on a folder in two folds, with all arms and own seeds."""
    own = {"original": [1, 2, 3], "segmented": [1, 2]}
    change = {"classification": {"arms": list(ARMS), "arm_seeds": own}}
    return (*folder_config, overlay(tmp_path / "arms.yaml", change))


def count_jobs(printed):
    """Number of jobs of each rule that a dry run would run."""
    return {
        rule: int(n) for rule, n in re.findall(r"^(\w+_\w+) +(\d+)$", printed, re.M)
    }


def test_what_folds_and_seeds_share_is_made_once(finished_folds, all_arms):
    jobs = count_jobs(dry_run(finished_folds, "--forceall", configs=all_arms))
    assert len(SHARED) == 5
    # `original` shows the photographs themselves
    assert jobs["render_arm"] == 4 + 2
    assert jobs["pack_images"] == 5 + 2
    assert jobs["pack_segmentation"] == 1
    assert jobs["train_unet"] == 2
    assert jobs["train_classifier"] == 2 * (3 + 2 + 4 * 1)
    assert jobs["predict_classes"] == jobs["score_classes"] == jobs["train_classifier"]


@pytest.mark.parametrize("arm", ARMS)
def test_only_predicted_masks_wait_for_the_unet(finished_folds, all_arms, arm):
    target = f"results/folder/fold1/classification/{arm}/seed1/scores.json"
    rules = stale_rules(dry_run(finished_folds, "--forceall", target, configs=all_arms))
    assert "train_classifier" in rules
    assert ("train_unet" in rules) == (arm not in SHARED)


def test_all_arms_are_shown_packed_and_trained_on(finished_folds, all_arms, tmp_path):
    copy = shutil.copytree(finished_folds, tmp_path / "copy", symlinks=True)
    results = copy / "results" / "folder"
    scores = "fold1/classification/crop/seed1/scores.json"
    packed = [f"data/packed/{arm}.npy" for arm in SHARED]
    packed += [f"fold{fold}/packed/segmented.npy" for fold in (0, 1)]
    targets = ["figures/arms.png", scores, *packed]
    run_workflow(
        copy, *(f"results/folder/{name}" for name in targets), configs=all_arms
    )
    assert all((results / name).stat().st_size for name in targets)
    assert not (results / "data/images/original").exists()

    images = read_csv(results / "data/images.csv").set_index("image_id")
    split = read_csv(results / "split/split.csv").query("task == 'classification'")
    of_fold = {fold: set(part["image_id"]) for fold, part in split.groupby("fold")}
    every = set.union(*of_fold.values())
    root = copy / "results" / "tiny" / "phantom"
    places = [("data", arm, every) for arm in SHARED]
    places += [(fold, "segmented", names) for fold, names in of_fold.items()]
    for scope, arm, names in places:
        index = read_csv(results / scope / "packed" / f"{arm}.csv")["image_id"]
        assert index.tolist() == sorted(names), (scope, arm)
        assert len(np.load(results / scope / "packed" / f"{arm}.npy")) == len(names)
        for name in sorted(names)[:3] if arm != "original" else ():
            photograph = read_photograph(root / images.loc[name, "image"], size=None)
            mask = read_mask(root / images.loc[name, "mask"])
            if arm == "segmented":
                mask = read_mask(results / scope / "segmentation/masks" / f"{name}.png")
            shown = read_photograph(
                results / scope / "images" / arm / f"{name}.png", size=None
            )
            expected = ARMS[arm].show(photograph, mask)
            assert np.array_equal(shown, expected), (scope, arm)


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        ("return _cut_out(photograph, mask)", "return photograph - mask", True),
        ("copyTo(photograph, ", "copyTo(255 - photograph, ", True),
        ("HAIR_DEPTH = ", "HAIR_DEPTH = 1 + ", False),
        (
            "@arm",
            '@arm(mask="none")\ndef mine(photograph, _):\n    return 0\n\n@arm',
            False,
        ),
    ],
)
def test_an_edit_is_seen_by_the_arms_that_run_it(finished, tmp_path, old, new, stale):
    copy = shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    module = copy / MODULE
    text = module.read_text()
    assert old in text
    module.write_text(text.replace(old, new, 1))
    printed = dry_run(copy)
    assert ("render_arm" in stale_rules(printed)) == stale
    assert "arm=original" not in printed


def test_an_added_arm_runs_alone(finished, tmp_path):
    change = {"classification": {"arms": ["original", "segmented", "hair_removed"]}}
    printed = dry_run(finished, configs=(TINY, overlay(tmp_path / "x.yaml", change)))
    assert count_jobs(printed)["train_classifier"] == 1
    assert "train_unet" not in stale_rules(printed)
    assert "arm=segmented" not in printed
