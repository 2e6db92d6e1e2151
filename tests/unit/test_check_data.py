"""The page of check_data, the stamps and the audit: what was found is said."""

from types import SimpleNamespace

import pandas as pd
import pytest

import audit_images
import check_data
import index_images
from lesionlab.errors import LabError
from lesionlab.files import read_json
from unit.folder import (
    CLASSES,
    FIRST,
    METADATA,
    TRUTH,
    change_cells,
    mask_path,
    rewrite,
)

SOUND_PAGE = """\
Data in {root}
  diagnoses    GroundTruth.csv: 6 rows
  metadata     HAM10000_metadata.csv: 6 rows
  photographs  images/: 6 files
  masks        masks/: 6 files

Sound: 6 photographs of 5 lesions, as far as these are named or equal
  MEL                3   50.0%  (mel 3)
  NV                 3   50.0%  (nv 3)
  pixels: 48x36 (6)
  photographs of a lesion: 1 to 2

Refused: 0 (data/quarantine.csv)

To know: nothing; all is as usual.
"""


@pytest.fixture
def check(root, tmp_path, capsys):
    """Run the stages as the workflow does; give the page and the audit."""

    def run(classes=CLASSES):
        files = {n: tmp_path / f"{n}.csv" for n in ("index", "quarantine", "images")}
        files["found"] = tmp_path / "found.json"
        paths = SimpleNamespace(
            root=root, page=tmp_path / "check.txt", audit=tmp_path / "a.json", **files
        )
        options = {"classes": classes, "workers": 1, "code": "0"}
        index_images.main(paths, options=options)
        check_data.main(paths, options=options)
        files["index"].rename(files["images"])
        audit_images.main(paths, options={**options, "classes": list(classes)})
        page = paths.page.read_text()
        assert page in capsys.readouterr().out
        return page, read_json(paths.audit)

    return run


def test_a_sound_root_needs_few_words(check, root):
    page, audit = check()
    assert page == SOUND_PAGE.format(root=root)
    assert audit["lesion_ids_known"]
    assert audit["without_lesion_id"] == {"n": 0, "first": []}
    assert "by_dataset" not in audit


def test_what_is_lacking_or_odd_is_said(check, root):
    mask_path(root, FIRST).unlink()
    rewrite(root / METADATA, lambda t: t.replace(",", ";").rsplit("\n", 2)[0] + "\n")
    (root / "ISIC2018_Task3_Test_GroundTruth.csv").write_text(
        "image,MEL,NV\nISIC_1,1,0\n"
    )
    page, audit = check()
    for line in (
        "Refused: 1 (data/quarantine.csv)",
        f"  no mask: 1 ({FIRST})",
        "  - 1 photographs do not name a lesion_id: leakage cannot be excluded.",
        "  - The metadata have no row for 1 photograph(s), which count as lesions of "
        "their own: ISIC_0000005.",
        "  - ISIC2018_Task3_Test_GroundTruth.csv is not read: of an official test or "
        "validation set.",
        "  - HAM10000_metadata.csv was read as utf-8, separated by semicolon.",
    ):
        assert line in page.splitlines()
    assert audit["without_lesion_id"] == {"n": 1, "first": ["ISIC_0000005"]}
    assert not audit["lesion_ids_known"]
    assert audit["found"]["without_metadata"] == ["ISIC_0000005"]


def test_without_metadata_it_says_what_that_means(check, root):
    (root / METADATA).unlink()
    page, _ = check()
    assert "  - No photograph names a lesion_id: leakage cannot be excluded." in page
    assert "  - No metadata: lesions, age, sex and site are unknown." in page


def test_sources_are_counted_by_class(check, root):
    table = pd.read_csv(root / METADATA)
    table["dataset"] = ["rosendahl"] * 4 + ["vidir_modern", ""]
    table.to_csv(root / METADATA, index=False)
    page, audit = check()
    assert audit["by_dataset"] == {
        "rosendahl": {"MEL": 3, "NV": 1},
        "unknown": {"MEL": 0, "NV": 1},
        "vidir_modern": {"MEL": 0, "NV": 1},
    }
    assert "  from rosendahl: MEL 3, NV 1" in page


def test_diagnoses_that_no_class_names_are_refused_by_name(check, root):
    rewrite(root / TRUTH, lambda t: t.replace("AKIEC", "SCC"))
    table = pd.read_csv(root / TRUTH)
    table.loc[0, ["MEL", "SCC"]] = 0.0, 1.0
    table.to_csv(root / TRUTH, index=False)
    change_cells(root / METADATA, "dx", lambda dx: dx)
    facts = pd.read_csv(root / METADATA)
    facts.loc[0, "dx"] = "scc"
    facts.to_csv(root / METADATA, index=False)
    page, audit = check()
    assert f"  unknown dx: scc: 1 ({FIRST})" in page
    assert audit["quarantine"] == {"unknown dx: scc": 1}
    page, _ = check({**CLASSES, "SCC": ["scc"]})
    assert "  SCC                1   16.7%  (scc 1)" in page


def test_a_class_without_a_photograph_ends_before_anything_is_written(check, tmp_path):
    with pytest.raises(LabError, match=r"classes: DF \(df\): no usable photograph"):
        check({**CLASSES, "DF": ["df"]})
    assert not (tmp_path / "index.csv").exists()
