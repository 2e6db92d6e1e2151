"""Pairs of photographs of one lesion: which are merged, listed or in conflict."""

import pandas as pd
import pytest

from lesionlab.lesions import grouping
from lesionlab.lesions.grouping import audit_matches, decide_matches, merge_groups
from lesionlab.lesions.matching import EVIDENCE

NONE = pd.DataFrame({"image_a": [], "image_b": []}, dtype="str")


def evidence_table(*rows):
    """Rows of two image numbers, inliers and correlation."""
    table = [
        (f"ISIC_{a:02d}", f"ISIC_{b:02d}", n, 1.0, 0.0, 0.9, r) for a, b, n, r in rows
    ]
    return pd.DataFrame(table, columns=EVIDENCE)


@pytest.fixture
def images():
    """Twelve photographs, each of a lesion of its own."""
    numbers = [f"{n:02d}" for n in range(12)]
    lesions = [f"HAM_{n}" for n in numbers]
    names = [f"ISIC_{n}" for n in numbers]
    return pd.DataFrame(
        {"image_id": names, "lesion_id": lesions, "group": lesions, "label": "NV"}
    )


def test_pairs_are_merged_listed_or_in_conflict(images):
    images.loc[images["image_id"] == "ISIC_03", "label"] = "MEL"
    evidence = evidence_table(
        (0, 1, grouping.MIN_INLIERS, grouping.MIN_CORRELATION),
        (0, 3, 90, 0.9),
        (1, 4, grouping.MIN_INLIERS - 1, 0.9),
        (1, 5, 90, grouping.MIN_CORRELATION - 0.01),
        (1, 6, 90, float("nan")),
        (1, 7, grouping.LISTED_INLIERS - 1, 0.9),
    )
    found = decide_matches(evidence, NONE, images)
    assert list(found.columns) == grouping.COLUMNS
    pairs = zip(found["image_a"], found["image_b"], found["decision"], strict=True)
    assert list(pairs) == [
        ("ISIC_00", "ISIC_01", "merged"),
        ("ISIC_00", "ISIC_03", "conflict"),
        ("ISIC_01", "ISIC_05", "listed"),
        ("ISIC_01", "ISIC_06", "listed"),
        ("ISIC_01", "ISIC_04", "listed"),
    ]
    assert found["label_b"].tolist() == ["NV", "MEL", "NV", "NV", "NV"]


def test_published_pairs_are_merged_beside_what_is_found(images):
    published = pd.DataFrame(
        [("ISIC_05", "ISIC_02"), ("ISIC_01", "ISIC_00"), ("ISIC_01", "elsewhere")],
        columns=["image_a", "image_b"],
    )
    found = decide_matches(evidence_table((0, 1, 4, 0.1)), published, images)
    assert found[["image_a", "image_b"]].to_numpy().tolist() == [
        ["ISIC_00", "ISIC_01"],
        ["ISIC_02", "ISIC_05"],
    ]
    assert found["decision"].tolist() == ["merged", "merged"]
    assert found["inliers"].tolist() == [4, 0]
    images.loc[images["image_id"] == "ISIC_05", "label"] = "MEL"
    found = decide_matches(evidence_table(), published, images)
    assert sorted(found["decision"]) == ["conflict", "merged"]


def test_merging_is_transitive_and_leaves_conflicts_apart(images):
    images.loc[images["image_id"] == "ISIC_03", "label"] = "MEL"
    images["group"] = images["group"].replace("HAM_08", "HAM_05")
    evidence = evidence_table((6, 7, 12, 0.5), (7, 8, 12, 0.5), (0, 3, 99, 0.9))
    matches = decide_matches(evidence, NONE, images)
    groups = merge_groups(images, matches).set_axis(images["image_id"])
    linked = ["ISIC_05", "ISIC_06", "ISIC_07", "ISIC_08"]
    assert groups[linked].unique().tolist() == ["HAM_05"]
    assert groups["ISIC_00"] == "HAM_00"
    assert groups["ISIC_03"] == "HAM_03"
    assert groups.nunique() == 12 - 3
    audit = audit_matches(images.assign(group=groups.to_numpy()), matches)
    (merged,) = audit["merged_lesions"]
    assert merged["lesions"] == ["HAM_05", "HAM_06", "HAM_07", "HAM_08"]
    assert [pair["images"] for pair in merged["pairs"]] == [
        ["ISIC_06", "ISIC_07"],
        ["ISIC_07", "ISIC_08"],
    ]
    assert audit["conflicts"][0]["labels"] == ["NV", "MEL"]
    assert audit["listed"] == []


def test_without_lesion_ids_photographs_are_still_merged(images):
    images["lesion_id"] = None
    images["group"] = images["image_id"]
    matches = decide_matches(evidence_table((0, 9, 50, 0.9)), NONE, images)
    groups = merge_groups(images, matches).set_axis(images["image_id"])
    assert groups["ISIC_09"] == groups["ISIC_00"] == "ISIC_00"
    audit = audit_matches(images.assign(group=groups.to_numpy()), matches)
    assert audit["merged_lesions"][0]["lesions"] == ["ISIC_00", "ISIC_09"]
