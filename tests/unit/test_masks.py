"""Masks of what the classifier is shown, and the outcome of arms by mask."""

import pandas as pd
import pytest

from lesionlab.comparison.masks import BANDS, band_of, tabulate_by_mask
from lesionlab.segmentation.summary import compare_in_sample, flag_in_sample

CLASSES = ["MEL", "NV"]


def test_the_bands_are_those_of_isic():
    jaccard = pd.Series([0.0, 0.649999, 0.65, 0.85, 0.850001, 1.0])
    assert list(band_of(jaccard)) == [BANDS[k] for k in (0, 0, 1, 1, 2, 2)]


def make_tables():
    """Two photographs of a melanoma, one of a nevus; two seeds of each arm."""
    rows = []
    for arm, seed, probabilities in (
        ("original", "seed1", (0.9, 0.9, 0.2)),
        ("original", "seed2", (0.8, 0.4, 0.2)),
        ("segmented", "seed1", (0.1, 0.6, 0.3)),
        ("segmented", "seed2", (0.2, 0.6, 0.7)),
        ("other", "seed1", (0.5, 0.5, 0.5)),
    ):
        for name, label, p in zip(
            "xyz", ("MEL", "MEL", "NV"), probabilities, strict=True
        ):
            key = (arm, "fold0", seed, name, label)
            rows += [(*key, part, p, 1 - p) for part in ("test", "valid")]
    columns = ["arm", "fold", "seed", "image_id", "label", "set", "prob_MEL", "prob_NV"]
    masks = {"fold": "fold0", "image_id": list("xyz"), "jaccard": [0.2, 0.9, 0.3]}
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(masks)


def tabulate(predictions, masks):
    table = tabulate_by_mask(
        predictions,
        masks,
        arms=["original", "segmented"],
        classes=CLASSES,
        positive="MEL",
    )
    return table.set_index(["jaccard", "arm"]).sort_index()


def test_outcomes_are_means_over_trainings_in_a_band():
    table = tabulate(*make_tables())
    poor = table.loc["below 0.65"]
    assert list(poor["n"]) == [2, 2]
    assert list(poor["n_positive"]) == [1, 1]
    assert list(poor["sensitivity"]) == [1.0, 0.0]
    assert list(poor["accuracy"]) == [1.0, 0.25]
    assert list(poor["probability"]) == pytest.approx([0.825, 0.325])
    good = table.loc["above 0.85"]
    assert list(good["n"]) == [1, 1]
    assert list(good["sensitivity"]) == [0.5, 1.0]
    assert len(table) == 4  # bands without photographs have no row


def test_a_band_without_the_positive_class_has_no_sensitivity():
    predictions, masks = make_tables()
    masks["jaccard"] = [0.9, 0.9, 0.3]
    nevus = tabulate(predictions, masks).loc[("below 0.65", "original")]
    assert nevus["n"] == 1
    assert pd.isna(nevus["sensitivity"])


def test_a_mask_is_in_sample_where_the_unet_trained_on_its_photograph():
    rows = [
        ("x", "segmentation", "train"),
        ("y", "segmentation", "test"),
        ("x", "classification", "train"),
        ("y", "classification", "train"),
        ("z", "classification", "test"),
        ("w", "classification", "valid"),
    ]
    split = pd.DataFrame(rows, columns=["image_id", "task", "set"])
    split = split.assign(group=split["image_id"], label="NV")
    scores = pd.DataFrame({"image_id": list("xyz"), "jaccard": [0.9, 0.5, 0.7]})
    shown = flag_in_sample(scores, split).set_index("image_id")
    assert shown["set"].to_dict() == {"x": "train", "y": "train", "z": "test"}
    assert shown["in_sample"].to_dict() == {"x": True, "y": False, "z": False}
    assert compare_in_sample(scores, split) == {
        "in_sample": {"n": 1, "jaccard": 0.9},
        "out_of_sample": {"n": 1, "jaccard": 0.5},
    }
