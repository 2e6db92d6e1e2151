"""The image table: what is sound, what is refused and why, what is one group."""

import zlib

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lesionlab.data.audit import audit_table
from lesionlab.data.table import index_root
from lesionlab.decoding.masks import read_mask
from lesionlab.errors import LabError
from lesionlab.sources.contents import contents_digest
from unit.folder import (
    CLASSES,
    FIRST,
    HEIGHT,
    WIDTH,
    build,
    draw_pair,
    mask_path,
    write_palette_mask,
    write_tables,
)


def spoil_photograph(root, content):
    (root / "images" / f"{FIRST}.jpg").write_bytes(content)


def cut_photograph(root):
    path = root / "images" / f"{FIRST}.jpg"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def cut_png(root):
    (root / "images" / f"{FIRST}.jpg").unlink()
    path = root / "images" / f"{FIRST}.png"
    cv2.imwrite(str(path), draw_pair(0)[0])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def claim_pixels(path, side=60_000):
    """Let the header of a PNG say that the picture is so large."""
    content = bytearray(cv2.imencode(".png", draw_pair(0)[1])[1].tobytes())
    content[16:24] = 2 * side.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path.write_bytes(content)


def claim_photograph(root):
    (root / "images" / f"{FIRST}.jpg").unlink()
    claim_pixels(root / "images" / f"{FIRST}.png")


def write_mask(root, mask):
    cv2.imwrite(str(mask_path(root, FIRST)), mask)


def rewrite_rows(root, change):
    rows = [(f"ISIC_{n:07d}", f"HAM_{max(1, n)}", "mel") for n in range(6)]
    write_tables(root, change(rows))


SPOILT = {
    "no photograph": lambda root: (root / "images" / f"{FIRST}.jpg").unlink(),
    "unreadable": lambda root: spoil_photograph(root, b"not a picture"),
    "truncated": cut_photograph,
    "wrong size": lambda root: cv2.imwrite(
        str(root / "images" / f"{FIRST}.jpg"), np.zeros((8, 8, 3), np.uint8)
    ),
    "no mask": lambda root: mask_path(root, FIRST).unlink(),
    "mask unreadable": lambda root: mask_path(root, FIRST).write_bytes(b"\x89PNG"),
    "mask size": lambda root: write_mask(root, np.full((9, 9), 255, np.uint8)),
    "mask empty": lambda root: write_mask(root, np.zeros((HEIGHT, WIDTH), np.uint8)),
    "mask not binary": lambda root: write_mask(
        root, np.full((HEIGHT, WIDTH), 127, np.uint8)
    ),
    "unknown dx: bcc": lambda root: rewrite_rows(
        root, lambda rows: [(FIRST, "HAM_1", "bcc"), *rows[1:]]
    ),
    "duplicate id": lambda root: rewrite_rows(root, lambda rows: [*rows, rows[0]]),
}


@pytest.mark.parametrize("reason", SPOILT)
def test_a_spoilt_photograph_is_refused_with_its_reason(root, reason):
    SPOILT[reason](root)
    images, quarantine = build(root)
    assert quarantine[["image_id", "reason"]].to_numpy().tolist() == [[FIRST, reason]]
    assert len(images) == (6 if reason == "duplicate id" else 5)
    assert audit_table(images, quarantine, classes=list(CLASSES))["quarantine"] == {
        reason: 1
    }


def test_a_truncated_png_is_refused(root):
    cut_png(root)
    assert build(root)[1]["reason"].item() == "truncated"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (claim_photograph, "unreadable"),
        (lambda root: claim_pixels(mask_path(root, FIRST)), "mask unreadable"),
    ],
)
def test_a_header_that_claims_a_huge_picture_is_refused(root, spoil, reason):
    spoil(root)
    assert build(root)[1]["reason"].item() == reason


def test_leading_zeros_of_ids_are_kept(root):
    for path in root.rglob(f"{FIRST}*"):
        path.rename(path.with_name(path.name.replace(FIRST, "0012")))
    for table in root.glob("*.csv"):
        table.write_text(table.read_text().replace(FIRST, "0012"))
    images, quarantine = build(root)
    assert quarantine.empty
    assert images["image_id"].tolist()[0] == "0012"


def test_diagnoses_that_disagree_are_refused(root):
    facts = pd.read_csv(root / "HAM10000_metadata.csv")
    facts.loc[0, "dx"] = "nv"
    facts.to_csv(root / "HAM10000_metadata.csv", index=False)
    assert build(root)[1]["reason"].item() == "diagnoses disagree"


def test_the_table_has_a_row_for_each_sound_photograph(root):
    images, quarantine = build(root)
    assert quarantine.empty
    assert images["image_id"].is_monotonic_increasing
    assert images["mask_fraction"].round(4).unique() == [round(200 / 1728, 4)]
    assert images["label"].tolist() == ["MEL"] * 3 + ["NV"] * 3
    assert images["image"].tolist()[0] == f"images/{FIRST}.jpg"


def test_photographs_of_one_lesion_are_one_group(root):
    assert build(root)[0]["group"].tolist()[:3] == ["HAM_1", "HAM_1", "HAM_2"]


def test_equal_photographs_merge_their_lesions(root):
    source = root / "images" / "ISIC_0000004.jpg"
    (root / "images" / "ISIC_0000001.jpg").write_bytes(source.read_bytes())
    images, quarantine = build(root)
    groups = images.set_index("image_id")["group"]
    assert groups[FIRST] == groups["ISIC_0000001"] == groups["ISIC_0000004"] == "HAM_1"
    audit = audit_table(images, quarantine, classes=list(CLASSES))
    assert audit["exact_duplicates"] == [["ISIC_0000001", "ISIC_0000004"]]
    assert audit["mixed_groups"] == ["HAM_1"]


def test_without_metadata_each_photograph_is_its_own_group(root):
    (root / "HAM10000_metadata.csv").unlink()
    images, quarantine = build(root)
    assert images["group"].tolist() == images["image_id"].tolist()
    audit = audit_table(images, quarantine, classes=list(CLASSES))
    assert not audit["lesion_ids_known"]


def test_an_inverted_palette_is_read_through_its_colours(root):
    mask = draw_pair(0)[1]
    path = mask_path(root, FIRST)
    write_palette_mask(path, mask)
    with Image.open(path) as picture:
        assert picture.mode == "P"
        assert np.asarray(picture)[mask > 0].max() == 0
    assert np.array_equal(read_mask(path), mask > 0)
    assert build(root)[1].empty


def test_the_number_of_workers_changes_nothing(root):
    one, two = (index_root(root, classes=CLASSES, workers=n)[0] for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("images", r"no photograph \(.jpg"),
        ("masks", r"no mask \(.jpg"),
        ("*.csv", "no table of diagnoses such as GroundTruth.csv"),
        ("", "no such data folder"),
    ],
)
def test_a_folder_that_lacks_a_part_is_refused_in_one_line(root, missing, words):
    for path in list(root.glob(missing)) if missing else [root]:
        path.rename(root.parent / path.name.replace("data", "elsewhere"))
    with pytest.raises(LabError, match=words) as why:
        build(root)
    assert "\n" not in str(why.value)
    assert "expected images/" in str(why.value)


def test_nothing_usable_is_an_error(root):
    for path in (root / "masks").iterdir():
        path.rename(path.with_name(f"other_{path.name}"))
    with pytest.raises(
        LabError, match=r"no usable photograph \(6 refused.*no mask"
    ) as w:
        build(root)
    assert "the tables name ISIC_0000000, a file masks/other_ISIC" in str(w.value)


def test_the_digest_follows_content_and_not_place_or_time(root, tmp_path):
    cache = tmp_path / "cache.csv"
    first = contents_digest(root, cache)
    moved = root.rename(tmp_path / "moved")
    path = moved / "images" / f"{FIRST}.jpg"
    path.touch()
    assert contents_digest(moved, cache) == first
    assert contents_digest(moved, tmp_path / "none.csv") == first
    path.write_bytes((moved / "images" / "ISIC_0000005.jpg").read_bytes())
    assert contents_digest(moved, cache) != first


def test_a_damaged_digest_cache_is_made_anew(root, tmp_path):
    cache = tmp_path / "cache.csv"
    first = contents_digest(root, cache)
    cache.write_bytes(b"\xff\xfe broken")
    assert contents_digest(root, cache) == first
