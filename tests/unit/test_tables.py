"""The tables of a data root, as other programs save them."""

import unicodedata
from functools import partial

import pandas as pd
import pytest

from lesionlab.tables.reading import read_table
from unit.folder import (
    METADATA,
    TRUTH,
    build,
    change_cells,
    findings,
    line_of,
    rewrite,
    save,
)


def rename_column(path, old, new):
    pd.read_csv(path, dtype="str").rename(columns={old: new}).to_csv(path, index=False)


def add_index(root):
    for name in (TRUTH, METADATA):
        pd.read_csv(root / name, dtype="str").to_csv(root / name)


def decimal_commas(root):
    rewrite(root / TRUTH, lambda t: t.replace(",", ";").replace(".", ","))
    rewrite(root / METADATA, lambda t: t.replace(",", ";").replace(".0", ",0"))


SAVED = {
    "utf-8 with a mark": save(TRUTH, str, "utf-8-sig"),
    "utf-16": save(TRUTH, str, "utf-16"),
    "utf-16 without a mark": save(METADATA, str, "utf-16-le"),
    "utf-32": save(TRUTH, str, "utf-32"),
    "semicolons": save(TRUTH, lambda t: t.replace(",", ";")),
    "semicolons and decimal commas": decimal_commas,
    "tabs": save(METADATA, lambda t: t.replace(",", "\t")),
    "bars": save(METADATA, lambda t: t.replace(",", "|")),
    "a line that names the separator": save(
        TRUTH, lambda t: "sep=;\n" + t.replace(",", ";")
    ),
    "lines of an old Mac": save(TRUTH, lambda t: t.replace("\n", "\r")),
    "lines of Windows": save(METADATA, lambda t: t.replace("\n", "\r\n")),
    "quotes": save(
        TRUTH, lambda t: '"' + t.replace(",", '","').replace("\n", '"\n"')[:-1]
    ),
    "blank lines": save(TRUTH, lambda t: "\n" + t.replace("\n", "\n\n")),
    "a separator at each end": save(METADATA, lambda t: t.replace("\n", ",\n")),
    "spaces in the header": save(
        TRUTH, lambda t: t.replace(",", " , ", t.splitlines()[0].count(","))
    ),
    "a header in lower case": save(TRUTH, lambda t: t.replace("MEL", "mel", 1)),
    "an index": add_index,
    "whole numbers": save(TRUTH, lambda t: t.replace("1.0", "1").replace("0.0", "0")),
    "true and false": save(
        TRUTH, lambda t: t.replace("1.0", "TRUE").replace("0.0", "False")
    ),
    "ids with a suffix": lambda r: change_cells(
        r / METADATA, "image_id", lambda n: f"{n}.JPG"
    ),
    "ids with a folder": lambda r: change_cells(
        r / TRUTH, "image", lambda n: f"images/{n}.jpg"
    ),
    "ids in lower case": lambda r: change_cells(r / METADATA, "image_id", str.lower),
    "all ids in lower case": lambda r: [
        change_cells(r / METADATA, "image_id", str.lower),
        change_cells(r / TRUTH, "image", str.lower),
    ],
    "ids with spaces": lambda r: change_cells(r / TRUTH, "image", lambda n: f"{n} "),
    "dx in capitals": lambda r: change_cells(r / METADATA, "dx", str.upper),
    "lesions in another case": lambda r: rewrite(
        r / METADATA,
        lambda t: t.replace("HAM_1", "ham_1", 2).replace("ham_1", "HAM_1", 1),
    ),
    "names of the ISIC archive": lambda r: [
        rename_column(r / METADATA, "image_id", "isic_id"),
        rename_column(r / METADATA, "age", "age_approx"),
        rename_column(r / METADATA, "localization", "anatom_site_general"),
    ],
    "marks that do not show": lambda r: [
        rewrite(r / TRUTH, lambda t: "\ufeff\ufeff" + t.replace("MEL", "\u200bMEL", 1)),
        change_cells(r / METADATA, "image_id", lambda n: f"\u200b{n}\u00a0"),
    ],
    "AK for AKIEC": save(TRUTH, lambda t: t.replace("AKIEC", "AK")),
    "rows that stand twice in the metadata": save(
        METADATA, lambda t: t + t.splitlines()[2] + "\n"
    ),
}


@pytest.mark.parametrize("name", SAVED)
def test_a_table_is_read_however_it_was_saved(root, name):
    expected = build(root)[0]
    SAVED[name](root)
    images, quarantine = build(root)
    assert quarantine.empty
    pd.testing.assert_frame_equal(images, expected)


def test_an_older_encoding_is_read_where_it_does_no_harm(root):
    change_cells(root / METADATA, "localization", lambda _: "Rücken")
    rewrite(root / METADATA, str, "latin-1")
    assert set(build(root)[0]["localization"]) == {"Rücken"}
    assert "HAM10000_metadata.csv was read as latin-1" in findings(root)
    change_cells(root / TRUTH, "image", lambda name: name.replace("ISIC", "Ä"))
    rewrite(root / TRUTH, str, "latin-1")
    assert "'Ä_0000000' is not UTF-8; save it as CSV UTF-8" in line_of(root)


ENCODINGS = [("utf-16-be", True), ("utf-16-le", True), ("utf-16-be", False)]
ENCODINGS += [("utf-16-le", False), ("utf-32-be", True), ("utf-32-le", True)]


@pytest.mark.parametrize(("encoding", "mark"), ENCODINGS)
def test_a_large_table_may_end_anywhere_in_its_first_part(root, encoding, mark):
    """Only the first 64 kB are looked at, to find which table is which."""
    expected = build(root)[0]
    more = "".join(f"HAM_x,X_{n},nv,histo,50.0,male,Rücken\n" for n in range(3000))
    text = ("\ufeff" if mark else "") + (root / METADATA).read_text() + more
    (root / METADATA).write_bytes(text.encode(encoding))
    pd.testing.assert_frame_equal(build(root)[0], expected)


def test_letters_of_one_look_are_one(root):
    """A Mac writes file names in NFD, a table is mostly in NFC."""
    expected = build(root)[0].drop(columns=["image", "mask", "image_id"])

    def spell(form, text):
        return unicodedata.normalize(form, text.replace("ISIC", "Läsion"))

    for name, column in ((TRUTH, "image"), (METADATA, "image_id")):
        change_cells(root / name, column, partial(spell, "NFC"))
    for path in [*(root / "images").iterdir(), *(root / "masks").iterdir()]:
        path.rename(path.with_name(spell("NFD", path.name)))
    images, quarantine = build(root)
    assert quarantine.empty
    assert images["image_id"].iloc[0] == "Läsion_0000000"
    pd.testing.assert_frame_equal(images[expected.columns], expected)


def test_the_lines_of_a_table_are_those_of_the_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('sep=,\nimage,site\n\na,"two\nlines"\nb,one\n')
    table = read_table(path)
    assert table.header == ("image", "site")
    assert list(zip(table.lines, table.column("image"), strict=True)) == [
        (5, "a"),
        (6, "b"),
    ]
