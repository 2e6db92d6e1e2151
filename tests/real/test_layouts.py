"""The real HAM10000, laid out as it is published: one image table for all layouts."""

import pandas as pd
import pytest

from lesionlab.decoding.masks import open_mask
from lesionlab.files import read_csv
from real.conftest import index

pytestmark = pytest.mark.real

PLACES = ["image", "mask"]  # differ between layouts
PATIENTS = ["dx_type", "age", "sex", "localization"]  # unknown to ISIC 2018


@pytest.fixture(scope="module")
def part(indexed):
    """The rows of every fifth lesion: all would take half a minute a layout."""
    images = indexed[0]
    kept = images["group"].isin(images["group"].drop_duplicates()[::5])
    return images[kept].reset_index(drop=True)


def take(ham10000, name, column, part):
    """Rows of a published table that are of a part of the photographs."""
    table = read_csv(ham10000 / name)
    return table[table[column].isin(part["image_id"])]


def link(source, target, suffix, part):
    """Link the pictures of a part into a folder of another name."""
    target.mkdir()
    for name in part["image_id"]:
        (target / f"{name}{suffix}").symlink_to(source / f"{name}{suffix}")


def test_all_is_as_usual_but_two_full_masks(indexed):
    found = indexed[1]
    assert found["masks_full"] == ["ISIC_0026042", "ISIC_0029819"]
    nothing = {"masks_cut": 0, "without_row": 0}
    assert {name: found[name]["n"] for name in nothing} == nothing
    for name in ("lacking", "without_metadata", "respelt", "kinds", "oriented"):
        assert not found[name], name


def test_the_original_layout_gives_the_same_table(ham10000, part, tmp_path):
    half = len(part) // 2
    for number, rows in ((1, part[:half]), (2, part[half:])):
        folder = tmp_path / f"HAM10000_images_part_{number}"
        link(ham10000 / "images", folder, ".jpg", rows)
    masks = tmp_path / "HAM10000_segmentations_lesion_tschandl"
    link(ham10000 / "masks", masks, "_segmentation.png", part)
    table = take(ham10000, "HAM10000_metadata.csv", "image_id", part)
    table.to_csv(tmp_path / "HAM10000_metadata", sep="\t", index=False)
    images, _ = index(tmp_path)
    pd.testing.assert_frame_equal(
        images.drop(columns=PLACES), part.drop(columns=PLACES)
    )


def test_the_layout_of_isic_2018_gives_the_same_table(ham10000, part, tmp_path):
    photographs = tmp_path / "ISIC2018_Task3_Training_Input"
    link(ham10000 / "images", photographs, ".jpg", part)
    masks = tmp_path / "ISIC2018_Task1_Training_GroundTruth"
    link(ham10000 / "masks", masks, "_segmentation.png", part)
    truth = tmp_path / "ISIC2018_Task3_Training_GroundTruth"
    truth.mkdir()
    rows = take(ham10000, "GroundTruth.csv", "image", part)
    rows.to_csv(truth / f"{truth.name}.csv", index=False)
    table = take(ham10000, "HAM10000_metadata.csv", "image_id", part)
    groups = table[["image_id", "lesion_id"]].rename(columns={"image_id": "image"})
    name = "ISIC2018_Task3_Training_LesionGroupings.csv"
    groups.to_csv(tmp_path / name, index=False)
    images, found = index(tmp_path)
    dropped = PLACES + PATIENTS
    pd.testing.assert_frame_equal(
        images.drop(columns=dropped), part.drop(columns=dropped)
    )
    assert images[PATIENTS].isna().all(axis=None)
    assert found["lacking"] == [f"{name} says nothing of {fact}" for fact in PATIENTS]


def test_no_photograph_is_taken_for_a_mask(ham10000):
    for path in sorted((ham10000 / "images").iterdir())[::40]:
        assert open_mask(path).lesion is None, path
