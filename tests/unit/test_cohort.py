"""What the figures of the data say: the flow, the characteristics, the samples."""

import numpy as np
import pandas as pd
import pytest

from lesionlab.cohort.characteristics import draw_characteristics
from lesionlab.cohort.flow import describe_flow, draw_flow
from lesionlab.cohort.photographs import draw_samples

AUDIT = {
    "n": 100,
    "n_lesions": 80,
    "n_groups": 78,
    "quarantine": {"truncated": 2, "no mask": 1},
}
SETS = {
    "train": {"MEL": 10, "NV": 20},
    "valid": {"MEL": 5, "NV": 5},
    "test": {"MEL": 6, "NV": 7},
}
FOLD = {"classification": SETS, "segmentation": {**SETS, "test": {}}}


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def test_the_flow_counts_what_was_found_refused_merged_and_used():
    boxes = describe_flow(AUDIT, {"counts": {"fold0": FOLD}}, fold="fold0")
    assert boxes == {
        "found": "Named in the tables\n103 rows",
        "refused": "Refused: 3\ntruncated: 2\nno mask: 1",
        "sound": "Sound photographs with a mask\n100",
        "merged": "After photographs of one lesion are merged\n"
        "78 lesions, of 80 lesion_ids",
        "segmentation": "Segmentation\ntraining: 30 (MEL 10, NV 20)\n"
        "validation: 10 (MEL 5, NV 5)\ntest: 0 ()\nnot used: 60",
        "classification": "Classifier\ntraining: 30 (MEL 10, NV 20)\n"
        "validation: 10 (MEL 5, NV 5)\ntest: 13 (MEL 6, NV 7)\nnot used: 47",
    }
    assert set(texts(draw_flow(boxes))) >= set(boxes.values())


def test_the_flow_names_the_fold_and_lesions_without_an_id():
    audit = {**AUDIT, "n_lesions": 0}
    split = {"counts": {"fold0": FOLD, "fold1": FOLD}}
    boxes = describe_flow(audit, split, fold="fold1")
    assert boxes["merged"].endswith("78 lesions (no lesion_ids)")
    assert boxes["classification"].startswith("Classifier, fold1 of 2\n")


def test_characteristics_that_the_tables_lack_are_said_to_be_lacking():
    facts = {"age": None, "sex": "unknown", "localization": "back", "dx_type": None}
    table = pd.DataFrame(
        {"group": ["a", "a", "b"], "label": ["MEL", "MEL", "NV"], **facts}
    )
    table["mask_fraction"] = [0.1, 0.2, 0.3]
    said = texts(draw_characteristics(table, ["MEL", "NV"]))
    assert said.count("not in the tables") == 3  # age, sex, diagnosis
    assert " 2 of 1" in said


def test_characteristics_show_the_source_where_the_table_has_it():
    table = pd.DataFrame(
        {"group": ["a", "b"], "label": ["MEL", "NV"], "mask_fraction": [0.1, 0.3]}
    ).assign(age=50, sex="male", localization="back", dx_type="histo")
    clinics = table.assign(dataset=["rosendahl", "vidir_modern"])
    for rows, title in ((table, "Diagnosis by"), (clinics, "Source")):
        figure = draw_characteristics(rows, ["MEL", "NV"])
        assert figure.axes[-1].get_title("left") == title
    legend = figure.axes[-1].get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["rosendahl", "vidir_modern"]


def test_more_sites_than_are_named_are_added_up():
    sites = [f"site{number}" for number in range(10)]
    table = pd.DataFrame({"group": sites, "localization": sites}).assign(
        label="NV", mask_fraction=0.1, age=50, sex="male", dx_type="histo"
    )
    axis = draw_characteristics(table, ["NV"]).axes[4]
    widths = {bar.get_label(): bar[0].get_width() for bar in axis.containers}
    assert widths.pop("other") == pytest.approx(0.3)
    assert len(widths) == 7


def test_a_row_of_samples_may_be_short_or_empty():
    photograph = np.zeros((30, 40, 3), np.uint8)
    masks = [np.zeros((30, 40), bool) for _ in range(3)]
    masks[1][5:9, 5:9] = True
    masks[2][:] = True
    rows = {"full": [(photograph, mask) for mask in masks], "empty": []}
    axes = draw_samples(rows).axes
    assert [len(axis.images) for axis in axes] == [1, 1, 1, 0, 0, 0]
    outlined = [len(axis.collections) for axis in axes]
    assert outlined == [0, 1, 0, 0, 0, 0]
