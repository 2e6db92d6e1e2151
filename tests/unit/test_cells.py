"""Cells of the tables: ids, lesions, sexes and sources, in words that people use."""

import pandas as pd
import pytest

from lesionlab.files import read_csv, write_csv
from unit.folder import (
    METADATA,
    TRUTH,
    build,
    change_cells,
    findings,
    index,
    write_pair,
    write_tables,
)


def test_respelt_ids_are_counted(root):
    change_cells(root / METADATA, "image_id", lambda name: f"{name}.JPG")
    change_cells(root / TRUTH, "image", lambda name: f"{name} ")
    said = findings(root)
    assert "6 ids in HAM10000_metadata.csv are written with a suffix" in said
    assert "6 ids in GroundTruth.csv are written" in said


@pytest.mark.parametrize(
    "word", ["", "unknown", "NA", "None", "?", "#N/A", "<NA>", "not available", "-1"]
)
def test_a_word_for_unknown_is_no_lesion(root, word):
    change_cells(root / METADATA, "lesion_id", lambda _: word)
    images = build(root)[0]
    assert images["group"].tolist() == images["image_id"].tolist()
    assert "HAM10000_metadata.csv says nothing of lesion_id" in findings(root)


def test_a_lesion_of_more_photographs_than_any_has_is_said(root):
    """The largest lesion of HAM10000 has 6 photographs."""
    rows = []
    for number in range(26):
        name = f"ISIC_{number:07d}"
        write_pair(root, name, number)
        lesion = "0" if number < 13 else "twelve" if number < 25 else "HAM_1"
        rows.append((name, lesion, "mel" if number < 13 else "nv"))
    write_tables(root, rows)
    assert index(root)[2]["crowded"] == {"0": 13}
    assert (
        "Lesion '0' has 13 photographs, more than any lesion is likely to have: if the "
        "name stands for unknown, empty its cells."
    ) in findings(root)


def test_spellings_of_the_sex_are_one(root):
    cells = iter(["Male", "m", "FEMALE", "f", "unknown", "#N/A"])
    change_cells(root / METADATA, "sex", lambda _: next(cells))
    assert build(root)[0]["sex"].tolist()[:5] == [
        "male",
        "male",
        "female",
        "female",
        "unknown",
    ]
    assert build(root)[0]["sex"].isna().tolist()[5]


def test_names_of_numbers_stay_text(root, tmp_path):
    table = pd.read_csv(root / METADATA, dtype="str")
    table["dataset"] = ["01", "2", "01", "2", "", ""]
    table.to_csv(root / METADATA, index=False)
    write_csv(tmp_path / "images.csv", build(root)[0])
    names = read_csv(tmp_path / "images.csv")["dataset"]
    assert names.tolist()[:4] == ["01", "2", "01", "2"]
    assert names.isna().sum() == 2


def test_sources_are_kept_where_they_stand(root):
    assert "dataset" not in build(root)[0]
    table = pd.read_csv(root / METADATA)
    table["dataset"] = ["rosendahl", "vidir_modern"] * 3
    table.to_csv(root / METADATA, index=False)
    assert build(root)[0]["dataset"].tolist() == ["rosendahl", "vidir_modern"] * 3
