"""What the U-Net's training sees of its pairs in a step."""

import numpy as np
import pytest

from lesionlab.segmentation.batches import draw_flips, make_batch

KEY = {"seed": 4, "fold": "fold1", "epoch": 3}


def make_pairs(count=30, height=6, width=10):
    draw = np.random.default_rng(2)
    pixels = draw.integers(0, 256, (count, height, width, 3), np.uint8)
    masks = draw.integers(0, 2, (count, height, width), np.uint8) * np.uint8(255)
    return pixels, masks


@pytest.mark.parametrize("flips", [False, True])
def test_a_batch_has_the_bits_of_its_pairs_one_by_one(flips):
    pixels, masks = make_pairs()
    chosen = np.random.default_rng(5).permutation(30)[:17]
    x, y = make_batch(pixels, masks, chosen, flips=flips, **KEY)
    assert x.dtype == y.dtype == np.float32
    assert y.shape == (17, 6, 10, 1)
    draws = draw_flips(30, **KEY) & flips
    for row, picture, truth in zip(chosen, x, y, strict=True):
        axes = np.flatnonzero(draws[row])
        whole = np.flip(pixels[row], axes).astype(np.float32) / np.float32(255)
        assert np.array_equal(picture, whole)
        assert np.array_equal(truth[..., 0], np.flip(masks[row] > 0, axes))
    assert len(np.unique(draws[chosen], axis=0)) == (4 if flips else 1)
