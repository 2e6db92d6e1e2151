"""Several files of one kind: read once, joined, or one line that says what differs."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesionlab.errors import LabError
from lesionlab.sources.layout import find_layout
from unit.folder import (
    FIRST,
    METADATA,
    TRUTH,
    build,
    change_cells,
    findings,
    line_of,
    mask_path,
    rewrite,
)


def test_a_copy_is_read_once_and_two_photographs_of_one_id_are_refused(root):
    shutil.copytree(root / "images", root / "images" / "ham10000_images_part_1")
    images, quarantine = build(root)
    assert len(images) == 6
    assert "6 file(s) are copies of others" in findings(root)
    copy = root / "images" / "ham10000_images_part_1" / f"{FIRST}.jpg"
    copy.write_bytes((root / "images" / "ISIC_0000005.jpg").read_bytes())
    images, quarantine = build(root)
    assert quarantine[["image_id", "reason"]].to_numpy().tolist() == [
        [FIRST, "two photographs"]
    ]


def test_two_masks_of_one_id_are_refused(root):
    path = mask_path(root, FIRST)
    mask = np.asarray(Image.open(path))
    (root / "masks" / f"{FIRST}.png").write_bytes(path.read_bytes() + b"\0")
    Image.fromarray(mask).save(root / "masks" / f"{FIRST}.jpg", quality=95)
    images, quarantine = build(root)
    assert quarantine.empty
    assert images["mask"].iloc[0] == f"masks/{FIRST}.png"
    assert "2 file(s) are copies of others" in findings(root)
    Image.fromarray(np.roll(mask, 1)).save(root / "masks" / f"{FIRST}.png")
    assert build(root)[1]["reason"].item() == "two masks"
    assert "are copies of others" not in findings(root)


def test_between_two_tables_that_differ_nothing_is_chosen(root):
    shutil.copy(root / TRUTH, root / "truth.csv")
    assert "truth.csv is not read: a copy of GroundTruth.csv" in findings(root)
    rewrite(root / "truth.csv", lambda text: text.replace("1.0", "0.0", 1))
    with pytest.raises(LabError, match="diagnoses, GroundTruth") as why:
        build(root)
    assert "of ISIC_0000000, dx is 'mel' in the one" in str(why.value)


# ---- tables of one kind ----
def test_metadata_that_do_not_contradict_are_joined(root):
    expected = build(root)[0]
    table = pd.read_csv(root / METADATA)
    groups = table[["image_id", "lesion_id"]][::-1]
    groups.to_csv(root / "A_LesionGroupings.csv", index=False)
    table["age"] = table["age"].astype(int)  # the same number
    table.drop(columns="lesion_id")[::-1].to_csv(root / METADATA, index=False)
    assert find_layout(root).metadata == ("A_LesionGroupings.csv", METADATA)
    pd.testing.assert_frame_equal(build(root)[0], expected)
    table.assign(dx_type="follow_up").to_csv(root / "B_metadata.csv", index=False)
    assert (
        "two tables of metadata, B_metadata.csv and HAM10000_metadata.csv, which "
        "differ: of ISIC_0000000, dx_type is 'follow_up' in the one and 'histo' in the "
        "other; move away the one that is not meant"
    ) in line_of(root)


def test_a_photograph_of_equal_pixels_is_read_once(root):
    path = root / "images" / f"{FIRST}.jpg"
    shutil.copy(path, path.with_suffix(".jpeg"))
    with Image.open(path) as picture:
        picture.save(path.with_suffix(".png"))
    images, quarantine = build(root)
    assert quarantine.empty
    assert images["image"].iloc[0] == f"images/{FIRST}.jpeg"
    assert "2 file(s) are copies of others" in findings(root)


def test_two_tables_of_diagnoses_may_share_the_photographs(root):
    expected = build(root)[0]
    table = pd.read_csv(root / TRUTH)
    table[:4].to_csv(root / TRUTH, index=False)
    table[2:][::-1].to_csv(root / "more.csv", index=False)
    assert find_layout(root).truths == (TRUTH, "more.csv")
    pd.testing.assert_frame_equal(build(root)[0], expected)


def test_words_under_two_names_are_not_compared(root):
    """The archive has words of its own for how a diagnosis was made."""
    expected = build(root)[0]
    groups = pd.read_csv(root / METADATA)[["image_id", "lesion_id"]]
    groups = groups.rename(columns={"image_id": "image"})
    groups["diagnosis_confirm_type"] = "serial imaging showing no change"
    groups.to_csv(root / "ISIC2018_Task3_Training_LesionGroupings.csv", index=False)
    pd.testing.assert_frame_equal(build(root)[0], expected)


def test_lesions_that_two_tables_name_differently_end_the_run(root):
    table = pd.read_csv(root / METADATA)[["image_id", "lesion_id"]]
    table["lesion_id"] = table["lesion_id"].str.lower()
    table.to_csv(root / "groups.csv", index=False)
    assert len(build(root)[0]) == 6  # case parts no lesion
    change_cells(root / "groups.csv", "lesion_id", lambda name: f"IL{name[3:]}")
    assert "lesion_id is 'HAM_1' in the one and 'IL_1' in the other" in line_of(root)


def test_rows_that_differ_within_one_of_two_tables_are_refused(root):
    table = pd.read_csv(root / METADATA).drop(columns="sex")
    table.to_csv(root / METADATA, index=False)
    (root / "sexes.csv").write_text(
        f"image_id,lesion_id,sex\n{FIRST},HAM_1,f\n{FIRST},HAM_1,m\n"
    )
    assert build(root)[1]["reason"].tolist() == ["metadata disagree"]
