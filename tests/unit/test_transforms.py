"""Training and evaluation see pictures alike, but for what was drawn."""

import numpy as np
import pytest
import torch

from lesionlab.classification.transforms import (
    augment,
    draw_augmentation,
    transform_train,
)
from lesionlab.training.pictures import enter

ALL = {"flips": True, "rotations": True, "jitter": 0.3, "crop": 0.4}
KEY = {"seed": 1, "fold": "fold0", "epoch": 1}
NONE = {"flips": False, "rotations": False, "jitter": 0.0, "crop": 0.0}


@pytest.fixture
def pixels():
    draw = np.random.default_rng(0)
    return torch.from_numpy(draw.integers(0, 256, (6, 16, 16, 3), np.uint8))


def transform(pixels, rows, options=ALL, *, seed=1, fold="fold0", epoch=1):
    key = {"seed": seed, "fold": fold, "epoch": epoch}
    draws = draw_augmentation(np.array(rows), **key, options=options)
    return transform_train(
        pixels, torch.tensor(draws, dtype=torch.float32), crop=options["crop"] > 0
    )


def test_a_draw_hangs_on_seed_fold_epoch_and_row_alone(pixels):
    together = transform(pixels, [3, 9, 5, 0, 7, 2])
    for position, row in enumerate([3, 9, 5, 0, 7, 2]):
        alone = transform(pixels[position : position + 1], [row])
        assert torch.equal(alone[0], together[position])
    for other in ({"seed": 2}, {"fold": "fold1"}, {"epoch": 2}):
        assert not torch.equal(transform(pixels, [3, 9, 5, 0, 7, 2], **other), together)


def test_without_augmentation_training_sees_what_evaluation_sees(pixels):
    seen = transform(pixels, range(6), NONE)
    assert torch.allclose(seen, enter(pixels), atol=1e-6)


def test_geometry_moves_pixels_and_makes_no_new_ones(pixels):
    options = {**ALL, "jitter": 0.0, "crop": 0.0}
    draws = draw_augmentation(np.arange(6), **KEY, options=options)
    moved = augment(pixels, torch.tensor(draws).float(), crop=False)
    before = (pixels.permute(0, 3, 1, 2).float() / 255).flatten(2).sort(-1)[0]
    assert torch.allclose(moved.flatten(2).sort(-1)[0], before, atol=1e-6)


def test_a_batch_is_moved_as_its_pictures_one_by_one(pixels):
    orders = [(d, r, t) for d in (0, 1) for r in (0, 1) for t in range(4)]
    draws = torch.tensor([[*order, 1, 1, 1, 0, 0] for order in orders])
    batch = pixels[:1].expand(len(orders), -1, -1, -1)
    moved = augment(batch, draws.float(), crop=False)
    picture = pixels[0].permute(2, 0, 1).float() / 255
    for seen, (down, right, turns) in zip(moved, orders, strict=True):
        axes = [axis for axis, flip in ((1, down), (2, right)) if flip]
        wanted = torch.rot90(torch.flip(picture, axes), turns, (1, 2))
        assert torch.allclose(seen, wanted, atol=1e-6)


def test_all_eight_orientations_are_drawn():
    draws = draw_augmentation(np.arange(4000), **KEY, options=ALL)
    for column, values in ((0, 2), (1, 2), (2, 4)):
        _, counts = np.unique(draws[:, column], return_counts=True)
        assert len(counts) == values
        assert counts.min() > 0.9 * 4000 / values
    assert np.abs(draws[:, 3:5] - 1).max() <= 0.3
    assert 0.6 <= draws[:, 5].min() < 0.61


def test_a_crop_shows_a_part_of_the_picture_larger():
    ramp = torch.arange(64, dtype=torch.uint8)[None, :, None, None].expand(1, 64, 64, 3)
    for place, first, last in ((-1, 0, 32), (0, 16, 48), (1, 32, 64)):
        draws = torch.tensor([[0, 0, 0, 1, 1, 0.5, place, 0]])
        rows = augment(ramp, draws, crop=True)[0, 0, :, 0] * 255
        assert rows[0] == pytest.approx(first, abs=0.6)
        assert rows[-1] == pytest.approx(last - 1, abs=0.6)


def test_imagenets_mean_becomes_zero():
    grey = torch.full((1, 4, 4, 3), 0, dtype=torch.uint8)
    grey[...] = torch.tensor([124, 116, 104], dtype=torch.uint8)
    assert enter(grey).abs().max() < 0.01
