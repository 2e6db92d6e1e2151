"""Arms are pure: what they show hangs on photograph and mask alone."""

import numpy as np
import pytest

from lesionlab.classification.arms import ARMS


@pytest.fixture
def pair():
    draw = np.random.default_rng(0)
    photograph = draw.integers(1, 255, (12, 16, 3), np.uint8)
    mask = np.zeros((12, 16), bool)
    mask[3:9, 4:11] = True
    return photograph, mask


@pytest.mark.parametrize("name", ARMS)
def test_an_arm_keeps_size_and_type_and_changes_no_input(pair, name):
    photograph, mask = pair
    before = photograph.copy(), mask.copy()
    shown = ARMS[name](photograph, mask)
    assert shown.shape == photograph.shape
    assert shown.dtype == np.uint8
    assert np.array_equal(photograph, before[0])
    assert np.array_equal(mask, before[1])


def test_original_shows_the_photograph(pair):
    assert np.array_equal(ARMS["original"](*pair), pair[0])


def test_segmented_is_black_outside_and_exact_inside(pair):
    photograph, mask = pair
    shown = ARMS["segmented"](photograph, mask)
    assert np.array_equal(shown[mask], photograph[mask])
    assert not shown[~mask].any()


@pytest.mark.parametrize("full", [False, True])
def test_empty_and_full_masks_are_defined(pair, full):
    photograph, mask = pair
    shown = ARMS["segmented"](photograph, np.full_like(mask, full))
    assert np.array_equal(shown, photograph if full else np.zeros_like(photograph))
