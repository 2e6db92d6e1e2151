"""What is unlike the training data is told, by limits that validation sets."""

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.unit.made_bundle import draw_photograph, make_bundle

from lesionlab.application.engine import judge, load_networks
from lesionlab.application.likeness import (
    LEAST_GLARE,
    SCORES,
    describe_colours,
    list_warnings,
    measure_photograph,
    rank_neighbours,
    set_limits,
)
from lesionlab.bundle.manifest import load_bundle

SHARP = draw_photograph(1, height=450, width=600)
FAIR = {"sharpness": 0.0, "glare": 0.0, "lesion_share": 0.3, "distance": 0.1}
LIMITS = {"sharpness": -1.0, "glare": 0.02, "lesion_share": 0.1, "distance": 0.5}


def sharpness(photograph):
    return measure_photograph(photograph)["sharpness"]


def test_blur_lowers_sharpness_and_darkness_does_not():
    blurred = [sharpness(cv2.GaussianBlur(SHARP, (0, 0), s)) for s in (1, 2, 4, 8)]
    assert blurred == sorted(blurred, reverse=True)
    assert sharpness(SHARP) - blurred[1] > 0.3
    dark = (SHARP * 0.4).astype(np.uint8)
    assert sharpness(dark) == pytest.approx(sharpness(SHARP), abs=0.05)


@pytest.mark.parametrize("times", [2, 3, 5])
def test_sharpness_hardly_depends_on_the_size(times):
    smooth = cv2.GaussianBlur(SHARP, (0, 0), 2)
    size = (times * 600, times * 450)
    large = cv2.resize(smooth, size, interpolation=cv2.INTER_CUBIC)
    assert sharpness(large) == pytest.approx(sharpness(smooth), abs=0.12)


def test_glare_is_the_share_of_burnt_out_pixels():
    photograph = np.full((40, 50, 3), 249, np.uint8)
    assert measure_photograph(photograph)["glare"] == 0
    photograph[:10] = 250
    assert measure_photograph(photograph)["glare"] == 0.25
    photograph[:5, :, 2] = 200  # a colour is left
    assert measure_photograph(photograph)["glare"] == 0.125


@pytest.mark.parametrize("shape", [(32, 5000), (5000, 32), (33, 32)])
@pytest.mark.parametrize("level", [0, 255])
def test_no_shape_and_no_level_is_without_a_score(shape, level):
    scores = measure_photograph(np.full((*shape, 3), level, np.uint8))
    assert np.isfinite(list(scores.values())).all()


def test_colours_are_compared_by_their_bhattacharyya_coefficient():
    draw = np.random.default_rng(1)
    pictures = np.stack(
        [draw.integers(0, top, (20, 30, 3), np.uint8) for top in (255, 200, 100, 40)]
    )
    counts = []
    for one in pictures:
        bins = one.reshape(-1, 3) // 32 @ [64, 8, 1]
        counts.append(np.bincount(bins, minlength=512) / 600)
    expected = np.sqrt(counts) @ np.sqrt(counts).T
    colours = describe_colours(pictures)
    np.testing.assert_allclose(colours @ colours.T, expected, atol=1e-6)


def test_the_nearest_are_found_in_their_order():
    draw = np.random.default_rng(2)
    one, many = draw.normal(size=(3, 9)), draw.normal(size=(30, 9))
    many /= np.linalg.norm(many, axis=1, keepdims=True)
    rows, distances = rank_neighbours(one.astype(np.float32), many.astype(np.float32))
    cosines = (one / np.linalg.norm(one, axis=1, keepdims=True)) @ many.T
    assert np.array_equal(rows, np.argsort(-cosines, axis=1)[:, :5])
    expected = 1 - np.take_along_axis(cosines, rows, axis=1)
    np.testing.assert_allclose(distances, expected, atol=1e-6)


def test_limits_leave_a_share_of_validation_beyond_each():
    draw = np.random.default_rng(3)
    scores = {name: draw.uniform(size=1000) for name in SCORES}
    limits = set_limits(scores, 0.01)
    rows = pd.DataFrame(scores).to_dict("records")
    found = [list_warnings(row, limits) for row in rows]
    for _, words in SCORES.values():
        assert sum(words in one for one in found) == 10


def test_a_few_bright_pixels_are_no_fault_where_none_is_usual():
    scores = {name: np.zeros(100) for name in SCORES}
    assert set_limits(scores, 0.01)["glare"] == LEAST_GLARE


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sharpness", -1.1, "blurred"),
        ("glare", 0.03, "over-exposed"),
        ("lesion_share", 0.09, "no lesion found"),
        ("distance", 0.6, "unlike the training data"),
    ],
)
def test_a_score_beyond_its_limit_is_named(name, value, words):
    assert list_warnings(FAIR, LIMITS) == []
    assert list_warnings({**FAIR, name: value}, LIMITS) == [words]


def test_a_mask_without_a_pixel_is_always_named():
    nothing = {**FAIR, "lesion_share": 0.0}
    found = list_warnings(nothing, {**LIMITS, "lesion_share": 0.0})
    assert found == ["no lesion found"]


def test_spoilt_photographs_are_told_from_fair_ones(tmp_path):
    networks = load_networks(load_bundle(make_bundle(tmp_path / "m")), threads=1)
    fair = draw_photograph(4)
    spoilt = {
        "": fair,
        "blurred": cv2.GaussianBlur(fair, (0, 0), 3),
        "over-exposed; no lesion found": np.clip(fair * np.float32(2.5), 0, 255).astype(
            np.uint8
        ),
        "unlike the training data": np.ascontiguousarray(fair[..., ::-1]),
    }
    opinions = judge(networks, list(spoilt.values()))
    assert ["; ".join(one.warnings) for one in opinions] == list(spoilt)
