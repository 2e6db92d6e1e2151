"""The tables of a data root, as other programs save them, and what is wrong in them."""

import pandas as pd
import pytest

from unit.folder import (
    CLASSES,
    FIRST,
    METADATA,
    TRUTH,
    build,
    change_cells,
    drop_columns,
    findings,
    index,
    line_of,
    rewrite,
    save,
)

BROKEN = {
    "yes and no": (
        save(TRUTH, lambda t: t.replace("1.0", "yes").replace("0.0", "no")),
        "GroundTruth.csv: line 2, column MEL: 'yes' is no flag; allowed: 0 and 1, or "
        "true and false",
    ),
    "one bad cell": (
        save(TRUTH, lambda t: t.replace("1.0", "x", 1)),
        "line 2, column MEL: 'x' is no flag; allowed: 0 and 1",
    ),
    "an empty cell": (
        save(TRUTH, lambda t: t.replace("1.0", "", 1)),
        "line 2, column MEL: '' is no flag",
    ),
    "a percentage": (
        save(TRUTH, lambda t: t.replace("1.0", "100")),
        "'100' is no flag",
    ),
    "probabilities": (
        save(TRUTH, lambda t: t.replace("1.0", "0.7").replace("0.0", "0.05")),
        "line 2, column MEL: '0.7' is no flag; allowed: 0 and 1, or true and false; "
        "mend it, or move a table of predictions away",
    ),
    "not a number": (save(TRUTH, lambda t: t.replace("1.0", "nan", 1)), "'nan' is no"),
    "a word for an age": (
        lambda r: change_cells(r / METADATA, "age", lambda _: "fifty"),
        "metadata.csv: line 2, column age: 'fifty' is no age; allowed: years from 0",
    ),
    "no ids in the truth": (
        lambda r: drop_columns(r / TRUTH, "image"),
        "GroundTruth.csv: no column image_id or image; its columns are mel, nv, bcc, "
        "akiec, bkl, df, vasc; name that of the photographs so",
    ),
    "no ids in the metadata": (
        lambda r: drop_columns(r / METADATA, "image_id"),
        "metadata.csv: no column image_id or image; its columns are lesion_id, dx",
    ),
    "no lesions in the metadata": (
        lambda r: drop_columns(r / METADATA, "lesion_id"),
        "metadata.csv: no column lesion_id; its columns are image_id, dx",
    ),
    "no dx at all": (
        lambda r: [drop_columns(r / METADATA, "dx"), (r / TRUTH).unlink()],
        "metadata.csv: no column dx",
    ),
    "ids of another data set": (
        lambda r: change_cells(r / METADATA, "image_id", lambda n: n[-4:]),
        "HAM10000_metadata.csv names 0 of the 6 photographs of GroundTruth.csv: there "
        "an id is 'ISIC_0000000', here '0000'; mend the ids",
    ),
    "few ids that match": (
        lambda r: change_cells(
            r / METADATA, "image_id", lambda n: n if n < "ISIC_0000002" else f"{n}b"
        ),
        "names 2 of the 6 photographs of GroundTruth.csv: there an id is "
        "'ISIC_0000002', here 'ISIC_0000000'",
    ),
    "two spellings of one id": (
        save(TRUTH, lambda t: t + t.splitlines()[1].lower() + "\n"),
        "'ISIC_0000000' in line 2 and 'isic_0000000' in line 8 are one id but for "
        "suffix and case; keep one",
    ),
    "no id in a row": (
        save(TRUTH, lambda t: t.replace(FIRST, "")),
        "line 2, column image: no id",
    ),
    "a column that stands twice": (
        save(TRUTH, lambda t: t.replace("NV", "MEL", 1)),
        "GroundTruth.csv: column mel stands twice",
    ),
    "two columns of one meaning": (
        save(TRUTH, lambda t: t.replace("NV", "AK", 1)),
        "GroundTruth.csv: two columns mean akiec; keep one",
    ),
    "a line that is cut": (
        save(TRUTH, lambda t: t[:-12]),
        "line 7 has 6 cells, the header has 8; mend that line (is the file whole?)",
    ),
    "a line that is too long": (
        save(TRUTH, lambda t: t.replace("1.0", "1.0,5", 1)),
        "line 2 has 9 cells, the header has 8",
    ),
    "a quote that never ends": (
        save(TRUTH, lambda t: t.replace(FIRST, f'"{FIRST}')),
        "unexpected end of data; mend the quotes",
    ),
    "a header alone": (
        save(TRUTH, lambda t: t.splitlines()[0]),
        "GroundTruth.csv: no row under the header",
    ),
    "a workbook": (
        lambda r: (r / TRUTH).write_bytes(b"PK\x03\x04" + bytes(99)),
        "GroundTruth.csv: is a workbook of Excel; save it as CSV UTF-8",
    ),
    "a web page": (
        save(TRUTH, lambda _: "<!DOCTYPE html><html>Sign in</html>"),
        "GroundTruth.csv: is a web page or XML; download the table itself",
    ),
    "a pointer": (
        save(METADATA, lambda _: "version https://git-lfs.github.com/spec/v1\n"),
        "metadata.csv: is a pointer of Git LFS; run `git lfs pull`",
    ),
    "bytes": (
        lambda r: (r / TRUTH).write_bytes(bytes(range(256)) * 4),
        "GroundTruth.csv: no text (it holds zero bytes); save it as CSV UTF-8",
    ),
    "diagnoses of another kind": (
        lambda r: change_cells(r / METADATA, "dx", lambda _: "melanoma"),
        "no usable photograph (6 refused, most: diagnoses disagree; ISIC_0000000 is "
        "mel in GroundTruth.csv, melanoma in HAM10000_metadata.csv; mend one",
    ),
    "photographs of other names": (
        lambda r: [
            change_cells(r / name, column, lambda n: n[-4:])
            for name, column in ((TRUTH, "image"), (METADATA, "image_id"))
        ],
        "most: no photograph; the tables name 0000, a file images/ISIC_",
    ),
    "a class that is absent": (
        lambda r: [
            rewrite(r / TRUTH, lambda t: t.replace("0.0,1.0", "1.0,0.0")),
            change_cells(r / METADATA, "dx", lambda _: "mel"),
        ],
        "dataset.classes: NV (nv): no usable photograph, and the tables name none; "
        "mend the data, or set dataset.classes.NV to null",
    ),
    "a class whose column has a wrong name": (
        save(TRUTH, lambda t: t.replace("MEL", "MELA")),
        "classes: MEL (mel): no usable photograph; refused of no class: unknown dx: "
        "mela 3",
    ),
    "a class without photographs": (
        lambda r: [
            (r / "images" / f"ISIC_000000{number}.jpg").unlink() for number in range(3)
        ],
        "MEL (mel): no usable photograph; refused of it: no photograph 3; mend the d",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_said_in_one_line(root, name):
    spoil, words = BROKEN[name]
    spoil(root)
    assert words in line_of(root)


def test_a_row_that_is_missing_costs_one_photograph_its_lesion(root):
    rewrite(
        root / METADATA,
        lambda t: "".join(t.splitlines(True)[:1] + t.splitlines(True)[2:]),
    )
    images, quarantine, found = index(root)
    assert quarantine.empty
    assert images["lesion_id"].isna().tolist() == [True] + [False] * 5
    assert images["group"].tolist()[:2] == [FIRST, "HAM_1"]
    assert found["without_metadata"] == [FIRST]
    assert (
        f"no row for 1 photograph(s), which count as lesions of their own: {FIRST}"
        in (findings(root))
    )


def test_rows_of_the_metadata_that_disagree_are_refused(root):
    rewrite(
        root / METADATA,
        lambda t: t + t.splitlines()[1].replace("HAM_1", "HAM_5") + "\n",
    )
    quarantine = build(root)[1]
    assert quarantine.to_numpy().tolist() == [
        [FIRST, f"images/{FIRST}.jpg", "metadata disagree"]
    ]


def test_a_photograph_with_two_diagnoses_or_none_is_refused_by_name(root):
    table = pd.read_csv(root / TRUTH)
    table.loc[0, "NV"] = 1.0
    table.loc[1, "MEL"] = 0.0
    table.to_csv(root / TRUTH, index=False)
    _, quarantine, found = index(root)
    assert quarantine["reason"].tolist() == [
        "several dx: mel and nv",
        "unknown dx: none marked",
    ]
    # they count against no class
    assert found["refused"] == {"": dict.fromkeys(quarantine["reason"], 1)}


def test_a_repeated_row_that_disagrees_leaves_neither(root):
    rewrite(
        root / TRUTH,
        lambda t: t + t.splitlines()[1].replace("1.0,0.0", "0.0,1.0") + "\n",
    )
    assert build(root)[1]["reason"].tolist() == ["diagnoses disagree", "duplicate id"]


def test_diagnoses_of_isic_2019_are_refused_by_name_or_are_a_class(root):
    table = pd.read_csv(root / TRUTH)
    table = table.rename(columns={"AKIEC": "AK"}).assign(SCC=0.0, UNK=0.0)
    table.loc[0, ["MEL", "SCC"]] = 0.0, 1.0
    table.loc[1, ["MEL", "UNK"]] = 0.0, 1.0
    table.loc[3, ["NV", "AK"]] = 0.0, 1.0
    table.to_csv(root / TRUTH, index=False)
    drop_columns(root / METADATA, "dx")
    assert build(root)[1]["reason"].tolist() == [
        "unknown dx: scc",
        "unknown dx: unk",
        "unknown dx: akiec",
    ]
    images, quarantine = build(root, {**CLASSES, "C": ["scc", "akiec"], "U": ["unk"]})
    assert quarantine.empty
    assert images["label"].tolist() == ["C", "U", "MEL", "C", "NV", "NV"]


def test_one_table_may_hold_diagnoses_and_lesions(root):
    expected = build(root)[0]
    truth = pd.read_csv(root / TRUTH)
    facts = pd.read_csv(root / METADATA).rename(columns={"image_id": "image"})
    truth.merge(facts.drop(columns="dx")).to_csv(root / TRUTH, index=False)
    (root / METADATA).unlink()
    pd.testing.assert_frame_equal(build(root)[0], expected)
