"""The real HAM10000, laid out as it is published: one image table for all layouts."""

import pandas as pd
import pytest

from lesionlab.data.table import index_root
from lesionlab.decoding.masks import open_mask
from lesionlab.files import read_csv

pytestmark = pytest.mark.real

CLASSES = {
    "MEL": ["mel"],
    "NV": ["nv"],
    "Other_SC": ["akiec", "bcc", "bkl", "df", "vasc"],
}
PLACES = ["image", "mask"]  # differ between layouts
PATIENTS = ["dx_type", "age", "sex", "localization"]  # unknown to ISIC 2018


def index(root):
    images, quarantine, found = index_root(root, classes=CLASSES, workers=2)
    assert quarantine.empty
    return images, found


@pytest.fixture(scope="module")
def kaggle(ham10000):
    return index(ham10000)


def link_parts(source, target):
    """Halve the photographs into the two folders of the original archive."""
    files = sorted((source / "images").iterdir())
    for number, path in enumerate(files):
        part = target / f"HAM10000_images_part_{1 + (number >= len(files) // 2)}"
        part.mkdir(exist_ok=True)
        (part / path.name).symlink_to(path)


def test_all_is_as_usual_but_two_full_masks(kaggle):
    found = kaggle[1]
    assert found["masks_full"] == ["ISIC_0026042", "ISIC_0029819"]
    nothing = {"masks_cut": 0, "without_row": 0}
    assert {name: found[name]["n"] for name in nothing} == nothing
    for name in ("lacking", "without_metadata", "respelt", "kinds", "oriented"):
        assert not found[name], name


def test_the_original_layout_gives_the_same_table(ham10000, kaggle, tmp_path):
    link_parts(ham10000, tmp_path)
    masks = tmp_path / "HAM10000_segmentations_lesion_tschandl"
    masks.symlink_to(ham10000 / "masks")
    table = read_csv(ham10000 / "HAM10000_metadata.csv")
    table.to_csv(tmp_path / "HAM10000_metadata", sep="\t", index=False)
    images, _ = index(tmp_path)
    pd.testing.assert_frame_equal(
        images.drop(columns=PLACES), kaggle[0].drop(columns=PLACES)
    )


def test_the_layout_of_isic_2018_gives_the_same_table(ham10000, kaggle, tmp_path):
    (tmp_path / "ISIC2018_Task3_Training_Input").symlink_to(ham10000 / "images")
    (tmp_path / "ISIC2018_Task1_Training_GroundTruth").symlink_to(ham10000 / "masks")
    truth = tmp_path / "ISIC2018_Task3_Training_GroundTruth"
    truth.mkdir()
    (truth / f"{truth.name}.csv").symlink_to(ham10000 / "GroundTruth.csv")
    table = read_csv(ham10000 / "HAM10000_metadata.csv")
    groups = table[["image_id", "lesion_id"]].rename(columns={"image_id": "image"})
    name = "ISIC2018_Task3_Training_LesionGroupings.csv"
    groups.to_csv(tmp_path / name, index=False)
    images, found = index(tmp_path)
    dropped = PLACES + PATIENTS
    pd.testing.assert_frame_equal(
        images.drop(columns=dropped), kaggle[0].drop(columns=dropped)
    )
    assert images[PATIENTS].isna().all(axis=None)
    assert found["lacking"] == [f"{name} says nothing of {fact}" for fact in PATIENTS]


def test_no_photograph_is_taken_for_a_mask(ham10000):
    for path in sorted((ham10000 / "images").iterdir())[::40]:
        assert open_mask(path).lesion is None, path
