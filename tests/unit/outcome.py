"""What may come of a data root that is damaged: all of it is accounted for."""

import json
import os
from pathlib import Path

from lesionlab.data.audit import audit_table
from lesionlab.data.presence import check_classes
from lesionlab.data.table import index_root
from lesionlab.errors import LabError
from lesionlab.words.check import describe_root
from unit.folder import CLASSES, make_folder, write_pair

EXAMPLES = int(os.environ.get("DAMAGES", "40"))  # of each kind
KEPT = ["lesion_id", "group", "label", "dx", "age", "sex", "mask_fraction"]


def make_sound(folder):
    """A sound root, with one photograph that no table names."""
    root = folder / "data"
    make_folder(root)
    write_pair(root, "ISIC_0009999", 9)
    return root


def check_outcome(root):
    """Index a root; whatever comes of it must be accounted for. Give the table."""
    try:
        images, quarantine, found = index_root(root, classes=CLASSES, workers=1)
        check_classes(images["label"], CLASSES, found["refused"])
        line = ""
    except LabError as why:
        line = str(why)
    if line:
        assert "\n" not in line
        assert len(line) < 2000
        return None
    assert images["image_id"].is_unique
    assert set(images["label"]) == set(CLASSES)
    assert images["mask_fraction"].between(0, 1, inclusive="right").all()
    assert (quarantine["reason"] != "").all()
    named = {*images["image_id"], *quarantine["image_id"]}
    rows = next(
        t["rows"] for t in found["tables"] if t["role"] in ("diagnoses", "metadata")
    )
    assert len(images) + len(quarantine) == rows
    on_disk = {
        path.stem for path in list_pictures(root) if "_segmentation" not in path.stem
    }
    assert found["without_row"]["n"] == len(on_disk - named)
    audit = audit_table(images, quarantine, classes=list(CLASSES))
    page = describe_root(audit, found, root=str(root), classes=CLASSES)
    json.dumps({**audit, "found": found}, allow_nan=False)
    missing = images["lesion_id"].isna().sum()
    assert audit["without_lesion_id"]["n"] == missing
    assert ("lesion_id: leakage cannot be excluded" in page) == bool(missing)
    assert audit["lesion_ids_known"] == (not missing)
    for reason in quarantine["reason"]:
        assert reason in page
    return images.set_index("image_id")


def list_pictures(root):
    """All files, also behind links, that are photographs or masks by their names."""
    for folder, _, files in os.walk(root, followlinks=True):
        yield from (Path(folder, n) for n in files if n.endswith((".jpg", ".png")))


def check_survivors(found, expected, columns):
    """What was not damaged is as it was, photograph by photograph."""
    if found is None:
        return
    assert set(found.index) <= set(expected.index)
    known = expected.loc[found.index]
    for column in columns:
        assert found[column].tolist() == known[column].tolist(), column
