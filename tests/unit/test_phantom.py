"""The embedded data set: seeded, in HAM10000's layout, with its signal where named."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import make_phantom
from lesionlab.data.table import index_root
from lesionlab.files import read_csv
from lesionlab.phantom.lesions import draw_lesion, draw_photograph
from unit.measures import (
    auc_by_boosting,
    auc_by_one,
    measure_lesions,
    measure_place,
    photograph_lesions,
)

OPTIONS = {
    "lesions": 40,
    "width": 96,
    "height": 72,
    "seed": 5,
    "signal": "lesion",
    "strength": 1.0,
}
LEAKS = [(400, (64, 64), 0.11), (2000, (72, 54), 0.045)]
CLASSES = {
    "MEL": ["mel"],
    "NV": ["nv"],
    "Other_SC": ["akiec", "bcc", "bkl", "df", "vasc"],
}


def make(root, *, workers=1, **changes):
    paths = SimpleNamespace(root=root, manifest=root.with_suffix(".csv"))
    make_phantom.main(paths, options={**OPTIONS, **changes, "workers": workers})
    return read_csv(paths.manifest)


def test_equal_seeds_give_equal_files_whatever_the_workers(tmp_path):
    first, second = make(tmp_path / "a"), make(tmp_path / "b", workers=2)
    assert first.equals(second)
    assert not first.equals(make(tmp_path / "c", seed=6))


def test_the_phantom_passes_the_examination_of_real_data(tmp_path):
    make(tmp_path / "data")
    images, quarantine, _ = index_root(tmp_path / "data", classes=CLASSES, workers=1)
    assert quarantine.empty
    assert images["lesion_id"].nunique() == OPTIONS["lesions"]
    assert images["group"].value_counts().max() > 1
    assert images["mask_fraction"].between(0.01, 0.9).all()


# where the class must show, and where it must not
SHOWS = {
    "lesion": ("lesion_alone", "without_lesion"),
    "background": ("without_lesion", "lesion_alone"),
    "misleading": ("lesion_alone", "photograph_alone"),
    "none": (None, "everything"),
}


@pytest.mark.parametrize("signal", SHOWS)
@pytest.mark.parametrize(("lesions", "size", "slack"), LEAKS)
def test_the_class_shows_where_the_config_says_and_nowhere_else(
    signal, lesions, size, slack
):
    """Gradient boosting over colours, texture, zoom, place, outline and light.

    The slack is three standard errors of an AUC of 0.5 with so many lesions.
    """
    shown, hidden = SHOWS[signal]
    shown = shown if lesions < 1000 else None  # it is seen with few lesions as well
    views = [view for view in (shown, hidden) if view]
    options = {**OPTIONS, "width": size[0], "height": size[1], "signal": signal}
    # all photographs of a lesion, and where lesions are many its first
    each = 3 if lesions < 1000 else 1
    measured, dx, groups = measure_lesions(lesions, options, views, views=each)
    if shown:
        assert auc_by_boosting(measured[shown], dx == "mel", groups) > 0.85
    told = auc_by_boosting(measured[hidden], dx == "mel", groups)
    assert told == pytest.approx(0.5, abs=slack)
    assert auc_by_one(measured[hidden], dx == "mel") < 0.5 + 1.5 * slack


def test_both_shows_the_class_in_the_lesion_and_around_it():
    options = {**OPTIONS, "signal": "both"}
    views = ["lesion_alone", "without_lesion"]
    measured, dx, groups = measure_lesions(300, options, views)
    for view in views:
        assert auc_by_boosting(measured[view], dx == "mel", groups) > 0.85


def test_a_strength_of_zero_hides_the_class():
    options = {**OPTIONS, "signal": "both", "strength": 0.0}
    measured, dx, groups = measure_lesions(400, options, ["everything"])
    told = auc_by_boosting(measured["everything"], dx == "mel", groups)
    assert told == pytest.approx(0.5, abs=0.11)


def test_the_photographs_of_a_lesion_differ_in_zoom_place_and_decoy():
    options = {**OPTIONS, "signal": "misleading"}
    lesion = draw_lesion(3, options)
    pairs = [draw_photograph(lesion, view, options) for view in range(6)]
    places = {tuple(measure_place(mask)) for _, mask in pairs}
    sides = {mask[:, : OPTIONS["width"] // 2].any() for _, mask in pairs}
    assert len(places) == 6
    assert sides == {False, True}


@pytest.mark.parametrize("size", [(96, 72), (64, 300), (301, 64), (200, 150)])
@pytest.mark.parametrize("signal", ["lesion", "misleading"])
def test_a_lesion_lies_inside_its_frame_and_in_one_piece(size, signal):
    options = {**OPTIONS, "width": size[0], "height": size[1], "signal": signal}
    for _, mask, _, _ in photograph_lesions(40, options):
        x = np.flatnonzero(mask.any(0))
        assert cv2.connectedComponents(mask.astype(np.uint8))[0] == 2
        half = size[0] // 2
        alone = x.max() < half or x.min() >= size[0] - half
        assert alone or signal == "lesion"
