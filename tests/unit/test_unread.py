"""What stands in a data root and cannot be read: one line, or set aside and said."""

import gzip
import os
import shutil
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from lesionlab.errors import LabError
from lesionlab.sources.contents import contents_digest
from lesionlab.sources.layout import find_layout
from unit.folder import (
    FIRST,
    METADATA,
    TRUTH,
    build,
    findings,
    line_of,
    rewrite,
)

NO_COLUMNS = "names no column that is known; the first line must name the columns"


def pack(path):
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def rename(suffix):
    return lambda path: path.rename(path.with_name(f"{path.name}{suffix}"))


def dangle(path):
    path.unlink()
    path.symlink_to("/nowhere")


def quote_rows(text):
    return "".join(f'"{line}"\n' for line in text.splitlines())


NOT_READ = {
    "no byte": (lambda p: p.write_bytes(b""), "empty; download it again, or move it"),
    "a title": (lambda p: rewrite(p, lambda t: f"HAM10000\n\n{t}"), NO_COLUMNS),
    "a comment": (lambda p: rewrite(p, lambda t: f"# from X\n{t}"), NO_COLUMNS),
    "spaces": (lambda p: rewrite(p, lambda t: t.replace(",", " ")), NO_COLUMNS),
    "quoted rows": (lambda p: rewrite(p, quote_rows), NO_COLUMNS),
    "packed": (pack, "csv.gz: is compressed; unpack it"),
    "a workbook": (
        lambda p: [
            p.write_bytes(b"PK\x03\x04" + bytes(99)),
            p.rename(p.with_suffix(".xlsx")),
        ],
        "xlsx: is a workbook of Excel; save it as CSV UTF-8",
    ),
    "JSON": (
        lambda p: [
            pd.read_csv(p).to_json(p.with_suffix(".json")),
            p.unlink(),
        ],
        "json: is JSON; save it as CSV UTF-8",
    ),
    "a backup": (
        rename(".bak"),
        "csv.bak: its name does not end as that of a table (.csv, .tab, .tsv, .txt); "
        "save it as CSV UTF-8 under such a name, or move it away",
    ),
    "a folder that is packed": (
        lambda p: p.rename(p.with_suffix(".zip")),
        ".zip: its name does not end as that of a table",
    ),
    "a link to nothing": (dangle, "csv: is a link to nothing; mend it, or move it"),
    "an empty folder": (
        lambda p: [p.unlink(), p.mkdir()],
        "csv: is an empty folder; mend it, or move it away",
    ),
    "a link to itself": (
        lambda p: [p.unlink(), p.symlink_to(p.name)],
        "csv: cannot be read (Too many levels of symbolic links); mend it, or move",
    ),
}


@pytest.mark.parametrize("name", [TRUTH, METADATA])
@pytest.mark.parametrize("damage", NOT_READ)
def test_a_table_that_is_named_so_is_read_or_an_error(root, name, damage):
    spoil, words = NOT_READ[damage]
    spoil(root / name)
    line = line_of(root)
    assert f"{root / name}"[:-4] in line
    assert words in line


def test_lesion_groupings_that_are_not_read_are_an_error(root):
    name = "ISIC2018_Task3_Training_LesionGroupings.csv"
    (root / METADATA).unlink()
    (root / name).touch()
    assert f"{root / name}: empty" in line_of(root)


@pytest.mark.parametrize("suffix", [".bak", ".xlsx", ".csv.gz", "~"])
def test_what_stands_beside_a_table_that_is_read_is_said(root, suffix):
    expected = build(root)[0]
    for name in (TRUTH, METADATA):
        (root / f"{name}{suffix}").write_bytes(b"PK\x03\x04 of another day")
        said = f"{name}{suffix} is not read: {name} is read."
        assert said in findings(root)
    pd.testing.assert_frame_equal(build(root)[0], expected)


@pytest.fixture
def denied(monkeypatch):
    """Let some files and folders be unreadable, for any user."""
    names = set()
    whole, opened, listed = Path.read_bytes, Path.open, os.scandir

    def refuse(path):
        if Path(path).name in names:
            raise PermissionError(13, "Permission denied", str(path))

    def check(work):
        def checked(path, *args, **options):
            refuse(path)
            return work(path, *args, **options)

        return checked

    monkeypatch.setattr(Path, "read_bytes", check(whole))
    monkeypatch.setattr(Path, "open", check(opened))
    monkeypatch.setattr(os, "scandir", check(listed))
    return names


def test_a_picture_that_cannot_be_read_ends_the_digest_in_one_line(
    root, tmp_path, denied
):
    denied.add(f"{FIRST}.jpg")
    with pytest.raises(LabError) as why:
        contents_digest(root, tmp_path / "cache.csv")
    assert str(why.value) == (
        f"{root}/images/{FIRST}.jpg: cannot be read (Permission denied); mend its "
        "permissions or its disk, or move it away"
    )


def test_pictures_that_cannot_be_read_are_refused_by_what_they_are(root, denied):
    denied |= {f"{FIRST}.jpg", "ISIC_0000001_segmentation.png"}
    assert build(root)[1]["reason"].tolist() == [
        "cannot be read: Permission denied",
        "mask cannot be read: Permission denied",
    ]


@pytest.mark.parametrize("name", [TRUTH, METADATA])
def test_a_table_that_cannot_be_read_is_one_line(root, denied, name):
    denied.add(name)
    assert f"{root / name}: cannot be read (Permission denied); mend" in line_of(root)


def test_entries_that_cannot_be_followed_end_nothing(root, denied):
    expected = build(root)[0]
    (root / "lost+found").mkdir()
    denied.add("lost+found")
    (root / "images" / "loop").symlink_to("loop")
    for number in range(7):
        (root / f"gone_{number}.jpg").symlink_to("/nowhere")
    pd.testing.assert_frame_equal(build(root)[0], expected)
    said = findings(root)
    assert "lost+found/ is not read: cannot be read (Permission denied)." in said
    assert "images/loop is not read: cannot be read (Too many levels" in said
    assert (
        "7 files are not read: is a link to nothing (gone_0.jpg, gone_1.jpg, "
        "gone_2.jpg, gone_3.jpg, gone_4.jpg and 2 more)."
    ) in said


def test_a_photograph_that_is_a_link_to_nothing_is_named(root):
    path = root / "images" / f"{FIRST}.jpg"
    dangle(path)
    assert build(root)[1]["reason"].tolist() == ["no photograph"]
    assert f"images/{FIRST}.jpg is not read: is a link to nothing." in findings(root)


# ---- packed files, and folders beside the usual ones ----
def put_away(root, names, archive):
    with ZipFile(root / archive, "w") as packed:
        for name in names:
            packed.write(root / name, name)
            (root / name).unlink()


def test_missing_photographs_beside_an_archive_end_the_run(root):
    parts = [f"images/ISIC_000000{number}.jpg" for number in (3, 4, 5)]
    put_away(root, parts, "HAM10000_images_part_2.zip")
    assert line_of(root) == (
        f"{root}: 3 of 6 photographs that the tables name are not there, such as "
        "ISIC_0000003, and HAM10000_images_part_2.zip is packed; unpack it, or move it "
        "away"
    )


@pytest.mark.parametrize("kind", ["images", "masks"])
def test_a_root_in_which_all_is_packed_says_so(root, kind):
    names = [f"{kind}/{path.name}" for path in (root / kind).iterdir()]
    put_away(root, names, f"{kind}.zip")
    assert f"in it; {kind}.zip is packed: unpack it; expected" in line_of(root)


def test_archives_that_were_unpacked_do_no_harm(root):
    for name in ("images.zip", "masks.tar.gz", "ISIC2018_Task3_GroundTruth.zip"):
        (root / name).write_bytes(b"PK\x03\x04")
    assert len(build(root)[0]) == 6


def test_the_usual_folder_loses_no_photograph(root):
    expected = build(root)[0].drop(columns=["image", "mask"])
    for kind in ("images", "masks"):
        (root / f"other {kind}").mkdir()
        files = sorted((root / kind).iterdir())
        for path in files[:4]:
            path.rename(root / f"other {kind}" / path.name)
        # of an id that is there, others are not looked at
        shutil.copy(files[5], root / f"other {kind}" / files[4].name)
    (root / "images" / "logo.png").write_bytes(b"of the clinic")
    images, quarantine = build(root)
    assert quarantine.empty
    pd.testing.assert_frame_equal(images.drop(columns=["image", "mask"]), expected)


@pytest.mark.parametrize(
    "name", ["unmasked_images", "no masks", "non-segmented", "without_mask", "run 1"]
)
def test_a_folder_without_masks_is_none_of_masks(root, name):
    (root / "images").rename(root / name)
    layout = find_layout(root)
    assert len(layout.photographs) == len(layout.masks) == 6


def test_four_folders_deep_is_as_deep_as_is_looked(root):
    deep = root / "a/b/c/d"
    deep.mkdir(parents=True)
    (root / "images").rename(deep / "images")
    with pytest.raises(LabError, match=r"a/b/c/d/images/ lies deeper than 4 folders"):
        build(root)
    for path in (deep / "images").iterdir():
        path.rename(deep / path.name)
    assert len(build(root)[0]) == 6
