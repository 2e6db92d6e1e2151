"""Data roots as they are published or as people keep them: one image table for all."""

import os

import pandas as pd
import pytest

from lesionlab.errors import LabError
from lesionlab.sources.contents import contents_digest
from lesionlab.sources.layout import find_layout
from lesionlab.tables.names import clean_id, id_key, mask_key
from unit.folder import (
    FIRST,
    METADATA,
    TRUTH,
    build,
    change_cells,
    findings,
    rewrite,
    write_pair,
)

# where its files lie may differ between layouts
PLACES = ["image", "mask"]


def move(root, source, target):
    (root / target).parent.mkdir(parents=True, exist_ok=True)
    (root / source).rename(root / target)


def split_in_two(root, folder, name):
    files = sorted((root / "images").iterdir())
    for number, path in enumerate(files):
        part = root / folder / name.format(1 + (2 * number >= len(files)))
        part.mkdir(parents=True, exist_ok=True)
        path.rename(part / path.name)
    if not list((root / "images").iterdir()):
        (root / "images").rmdir()


def original(root, suffix="", separator="\t"):
    """Lay a root out as the original archive is unpacked."""
    split_in_two(root, "", "HAM10000_images_part_{}")
    move(root, "masks", "HAM10000_segmentations_lesion_tschandl")
    (root / TRUTH).unlink()
    rewrite(root / METADATA, lambda text: text.replace(",", separator))
    move(root, METADATA, f"HAM10000_metadata{suffix}")


def isic_2018(root, folder=""):
    """Lay a root out as the third task of ISIC 2018, beside masks of the first."""
    move(root, "images", "ISIC2018_Task3_Training_Input")
    move(root, "masks", "ISIC2018_Task1_Training_GroundTruth")
    move(root, TRUTH, f"{folder}ISIC2018_Task3_Training_GroundTruth.csv")
    table = pd.read_csv(root / METADATA).rename(columns={"image_id": "image"})
    table["diagnosis_confirm_type"] = "histopathology"
    columns = ["image", "lesion_id", "diagnosis_confirm_type"]
    name = "ISIC2018_Task3_Training_LesionGroupings.csv"
    table[columns].to_csv(root / f"{folder}{name}", index=False)
    (root / METADATA).unlink()
    for part in ("Test", "Validation"):  # these are official sets of other photographs
        truth = pd.DataFrame({"image": ["ISIC_0034321"], "MEL": [1.0], "NV": [0.0]})
        truth.to_csv(root / f"ISIC2018_Task3_{part}_GroundTruth.csv", index=False)


def isic_2019(root):
    for path in (root / "images").iterdir():
        path.rename(path.with_name(f"{path.stem}_downsampled.jpg"))
    change_cells(root / TRUTH, "image", lambda name: f"{name}_downsampled")
    rewrite(root / TRUTH, lambda text: text.replace("AKIEC", "AK"))
    table = pd.read_csv(root / TRUTH).assign(SCC=0.0, UNK=0.0)
    table.to_csv(root / TRUTH, index=False)


def isic_2019_whole(root):
    """The same with the archive's names, and the official test set beside it."""
    isic_2019(root)
    move(root, "images", "ISIC_2019_Training_Input")
    move(root, TRUTH, "ISIC_2019_Training_GroundTruth.csv")
    names = {"image_id": "image", "age": "age_approx"}
    names["localization"] = "anatom_site_general"
    table = pd.read_csv(root / METADATA).rename(columns=names).drop(columns="dx")
    (root / METADATA).unlink()
    table.to_csv(root / "ISIC_2019_Training_Metadata.csv", index=False)
    table.assign(image="ISIC_7").to_csv(
        root / "ISIC_2019_Test_Metadata.csv", index=False
    )
    truth = pd.DataFrame({"image": ["ISIC_7"], "MEL": [1.0], "NV": [0.0]})
    truth.to_csv(root / "ISIC_2019_Test_GroundTruth.csv", index=False)


def other_suffixes(root):
    suffixes = [".JPG", ".jpeg", ".JPEG", ".Jpg", ".png", ".PNG"]
    files = sorted((root / "images").iterdir())
    for path, suffix in zip(files, suffixes, strict=True):
        path.rename(path.with_suffix(suffix))


def one_folder(root):
    for path in (root / "masks").iterdir():
        path.rename(root / "images" / path.name)
    (root / "masks").rmdir()


def below(root, name="archive"):
    """Move everything a folder deeper, as unpacking does."""
    names = [path.name for path in root.iterdir()]
    for entry in names:
        move(root, entry, f"{name}/{entry}")


LAYOUTS = {
    "original, no suffix, tabs": original,
    "original, .tab, tabs": lambda root: original(root, ".tab"),
    "original, .csv, commas": lambda root: original(root, ".csv", ","),
    "ISIC 2018": isic_2018,
    "ISIC 2018 in folders": lambda root: isic_2018(root, "Task3_GroundTruth/"),
    "names of ISIC 2019": isic_2019,
    "ISIC 2019 beside its test set": isic_2019_whole,
    "suffixes": other_suffixes,
    "parts in images/": lambda root: split_in_two(root, "images", "part_{}"),
    "all in one folder": one_folder,
    "a folder deeper": below,
    "a folder of Kaggle's name": lambda root: below(
        root, "ham1000-segmentation-and-classification"
    ),
    "capital folders": lambda root: [
        move(root, name, name.capitalize()) for name in ("images", "masks")
    ],
    "masks of plain names": lambda root: [
        path.rename(path.with_name(path.name.replace("_segmentation", "")))
        for path in (root / "masks").iterdir()
    ],
    "hidden and foreign files": lambda root: [
        (root / "images" / f"._{FIRST}.jpg").write_bytes(b"of a Mac"),
        (root / "README.txt").write_text("photographs, masks and tables"),
        (root / "LICENSE").write_bytes(b"\xff\xfe\x00"),
        (root / "hmnist_28_28_L.csv").write_text("pixel0000,label\n1,2\n"),
    ],
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_gives_the_same_image_table(root, name):
    expected = build(root)[0].drop(columns=PLACES)
    LAYOUTS[name](root)
    images, quarantine = build(root)
    assert quarantine.empty
    if name.startswith("ISIC 2018"):  # it says nothing of the patients
        known = ["dx_type", "age", "sex", "localization"]
        assert images[known[1:]].isna().all(axis=None)
        images, expected = images.drop(columns=known), expected.drop(columns=known)
    pd.testing.assert_frame_equal(images.drop(columns=PLACES), expected)


def test_a_path_may_be_a_link_relative_or_end_in_a_slash(root, monkeypatch):
    expected = build(root)[0]
    link = root.with_name("link")
    link.symlink_to(root)
    parts = root.with_name("parts")
    parts.mkdir()
    for name in ("images", "masks", TRUTH, METADATA):
        (parts / name).symlink_to(root / name)
    monkeypatch.chdir(root.parent)
    for path in (link, parts, type(root)("data/"), type(root)("./data")):
        pd.testing.assert_frame_equal(build(path)[0], expected)


def test_nothing_is_written_into_the_folder(root, tmp_path):
    before = sorted(path.stat().st_mtime_ns for path in root.rglob("*"))
    folders = (root, root / "images", root / "masks")
    for path in folders:
        path.chmod(0o555)
    build(root)
    contents_digest(root, tmp_path / "cache.csv")
    for path in folders:
        path.chmod(0o755)
    assert sorted(path.stat().st_mtime_ns for path in root.rglob("*")) == before


def test_links_in_a_circle_end(root):
    (root / "images" / "again").symlink_to(root)
    assert len(build(root)[0]) == 6


def test_the_digest_sees_every_file_of_any_layout(root, tmp_path):
    original(root)
    layout = find_layout(root)
    assert len(layout.files()) == 13
    for number, name in enumerate(layout.files()):
        cache = tmp_path / f"{number}.csv"
        before = contents_digest(root, cache)
        (root / name).write_bytes((root / name).read_bytes() + b"\n")
        assert contents_digest(root, cache) != before, name


def test_official_test_sets_are_set_aside_and_said(root):
    isic_2018(root)
    assert find_layout(root).truths == ("ISIC2018_Task3_Training_GroundTruth.csv",)
    said = findings(root)
    assert "ISIC2018_Task3_Test_GroundTruth.csv is not read: of an official" in said
    assert "ISIC2018_Task3_Training_LesionGroupings.csv says nothing of age" in said


def test_photographs_without_a_row_are_named(root):
    write_pair(root, "ISIC_0009999", 7)
    assert "1 photograph(s) have no row in the table of diagnoses" in findings(root)
    assert "images/ISIC_0009999.jpg" in findings(root)


def test_a_folder_that_cannot_be_listed_is_said(root, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(LabError, match="data: cannot be read"):
        build(root)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ISIC_0000001", "ISIC_0000001"),
        (" isic_0000001.JPG ", "ISIC_0000001"),
        ("images/ISIC_0000001.jpeg", "ISIC_0000001"),
        ("C:\\data\\ISIC_0000001.png", "ISIC_0000001"),
        ("ISIC_0000001_downsampled.jpg", "ISIC_0000001"),
        ("lesion.7", "lesion.7"),
        ("Mole 3.jpg", "Mole 3"),
    ],
)
def test_ids_are_spelt_in_one_way(written, meant):
    assert clean_id(written) == meant
    assert clean_id(meant) == meant
    assert id_key(written) == meant.casefold()
    for mark in ("_segmentation", "_Segmentation", "_mask", "-seg"):
        assert mask_key(f"{meant}{mark}.PNG") == id_key(meant)
