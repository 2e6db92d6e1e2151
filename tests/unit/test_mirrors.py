"""A mean over mirror images does not hang on how a picture lies."""

import numpy as np
import pytest
import torch
from torch import nn

from lesionlab.classification.prediction import predict_probabilities
from lesionlab.segmentation.maps import average_mirrored


def make_pixels():
    return np.random.default_rng(1).integers(0, 256, (3, 8, 6, 3), np.uint8)


def predict_unevenly(pixels):
    """A map that hangs on the place of a pixel, as that of a network does."""
    height, width = pixels.shape[1:3]
    place = np.linspace(0, 1, height * width).reshape(height, width)
    return (pixels[..., 0] / 255 * place).astype(np.float32)


@pytest.mark.parametrize("axes", [(1,), (2,), (1, 2)])
def test_the_map_of_a_mirror_image_is_the_mirror_image_of_the_map(axes):
    pixels = make_pixels()
    mirrored = np.flip(pixels, axes)
    assert not np.allclose(
        predict_unevenly(mirrored), np.flip(predict_unevenly(pixels), axes)
    )
    np.testing.assert_allclose(
        average_mirrored(predict_unevenly, mirrored),
        np.flip(average_mirrored(predict_unevenly, pixels), axes),
        rtol=1e-6,
    )


def test_the_probabilities_are_the_mean_over_four_views():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 6, 3))
    pixels = torch.from_numpy(make_pixels())

    def predict(pixels, **how):
        return predict_probabilities(model, pixels, batch_size=2, **how)

    views = [pixels, pixels.flip(1), pixels.flip(2), pixels.flip(1).flip(2)]
    expected = torch.stack([predict(view) for view in views]).mean(0)
    found = predict(pixels, flips=True)
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, predict(pixels))
