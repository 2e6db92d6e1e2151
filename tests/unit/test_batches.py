"""What a segmenter's training sees of its pairs in a step, on either framework."""

import numpy as np
import pytest
import torch

from lesionlab.segmentation.batches import draw_changes, draw_flips, make_batch
from lesionlab.segmenter.task import Masked, Segmentation
from lesionlab.training.pictures import IMAGENET, enter

KEY = {"seed": 4, "fold": "fold1"}
OFF = {**KEY, "flips": False, "jitter": 0.0, "crop": 0.0}
ALL = {**KEY, "flips": True, "jitter": 0.3, "crop": 0.4}
CHOSEN = np.random.default_rng(5).permutation(30)[:17]


def make_pairs(height=24, width=40):
    draw = np.random.default_rng(2)
    pixels = draw.integers(0, 256, (30, height, width, 3), np.uint8)
    masks = np.zeros((30, height, width), np.uint8)
    for mask in masks:
        y, x = draw.integers(0, height // 2), draw.integers(0, width // 2)
        mask[y : y + height // 2, x : x + width // 2] = 255
    return pixels, masks


def on_torch(pixels, masks, options):
    """The same batch as a segmenter on torch sees it, in 0..1 and channels last."""
    data = Masked(torch.from_numpy(pixels), torch.from_numpy(masks > 0))
    x, y = Segmentation(data, data, options).show(3)(torch.from_numpy(CHOSEN))
    mean, std = (np.array(part, np.float32) for part in IMAGENET)
    return x.permute(0, 2, 3, 1).numpy() * std + mean, y[:, 0].numpy()


@pytest.mark.parametrize("flips", [False, True])
def test_without_changes_a_batch_has_the_bits_of_its_pairs_one_by_one(flips):
    pixels, masks = make_pairs()
    options = {**OFF, "flips": flips}
    x, y = make_batch(pixels, masks, CHOSEN, options=options, epoch=3)
    assert x.dtype == y.dtype == np.float32
    assert y.shape == (17, 24, 40, 1)
    draws = draw_flips(30, **KEY, epoch=3) & flips
    for row, picture, truth in zip(CHOSEN, x, y, strict=True):
        axes = np.flatnonzero(draws[row])
        whole = np.flip(pixels[row], axes).astype(np.float32) / np.float32(255)
        assert np.array_equal(picture, whole)
        assert np.array_equal(truth[..., 0], np.flip(masks[row] > 0, axes))
    assert len(np.unique(draws[CHOSEN], axis=0)) == (4 if flips else 1)


def test_without_changes_torch_sees_what_it_predicts():
    pixels, masks = (torch.from_numpy(part) for part in make_pairs())
    data = Masked(pixels, masks > 0)
    chosen = torch.from_numpy(CHOSEN)
    x, y = Segmentation(data, data, OFF).show(3)(chosen)
    assert torch.equal(x, enter(pixels[chosen]))
    assert torch.equal(y[:, 0] > 0, masks[chosen] > 0)


def test_a_change_hangs_on_seed_fold_epoch_and_row_alone():
    how = {"jitter": 0.3, "crop": 0.4}
    draws = draw_changes(2000, **KEY, epoch=3, **how)
    assert np.array_equal(draw_changes(9, **KEY, epoch=3, **how), draws[:9])
    for other in ({"seed": 5}, {"fold": "fold0"}, {"epoch": 4}):
        key = {**KEY, "epoch": 3, **other}
        assert not np.isin(draw_changes(9, **key, **how), draws).any()
    assert np.abs(draws[:, :2] - 1).max() == pytest.approx(0.3, abs=0.01)
    assert draws[:, 2].min() == pytest.approx(0.6, abs=0.01)
    assert draws[:, 2].max() <= 1
    assert np.abs(draws[:, 3:]).max() == pytest.approx(1, abs=0.01)
    pixels, masks = make_pairs()
    together = make_batch(pixels, masks, CHOSEN, options=ALL, epoch=3)
    for place, row in enumerate(CHOSEN):
        alone = make_batch(pixels, masks, np.array([row]), options=ALL, epoch=3)
        assert np.array_equal(alone[0][0], together[0][place])
        assert np.array_equal(alone[1][0], together[1][place])


def test_the_mask_is_cut_with_its_photograph_and_keeps_its_light():
    _, masks = make_pairs()
    pixels = np.repeat(masks[..., None], 3, -1)  # each photograph shows its mask
    plain = make_batch(pixels, masks, CHOSEN, options=OFF, epoch=3)[1]
    x, y = make_batch(pixels, masks, CHOSEN, options={**ALL, "jitter": 0.0}, epoch=3)
    assert np.array_equal(x[..., :1] > 0.5, y)
    assert set(np.unique(y)) == {0, 1}
    assert not np.array_equal(y, plain)
    x, y = make_batch(pixels, masks, CHOSEN, options={**OFF, "jitter": 0.3}, epoch=3)
    assert np.array_equal(y, plain)
    assert np.abs(x[..., :1] - y).max() > 0.1


@pytest.mark.parametrize("changes", [{}, {"jitter": 0.0}, {"crop": 0.0}])
def test_both_frameworks_show_the_same(changes):
    pixels, masks = make_pairs()
    options = {**ALL, **changes}
    x, y = make_batch(pixels, masks, CHOSEN, options=options, epoch=3)
    seen, truth = on_torch(pixels, masks, options)
    np.testing.assert_allclose(seen, x, atol=1e-4)
    assert np.mean(truth != y[..., 0]) < 1e-3  # but where both round one half


def test_a_crop_shows_a_part_larger():
    from lesionlab.segmentation.changes import zoom

    ramp = np.tile(np.arange(64, dtype=np.float32)[:, None], (1, 1, 32))
    for place, first, last in ((-1, 0, 31), (0, 16, 47), (1, 32, 63)):
        rows = zoom(ramp, *(np.array([value]) for value in (0.5, place, 0)))[0, :, 0]
        assert rows[0] == pytest.approx(first, abs=0.6)
        assert rows[-1] == pytest.approx(last, abs=0.6)
