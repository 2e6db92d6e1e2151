"""Keras's ResNet-50, as TensorFlow.js has it, becomes torchvision's."""

import json

import numpy as np
import pytest
import torch

from lesionlab.networks.packaged import convert_tfjs
from lesionlab.networks.resnet import build_resnet


@pytest.fixture(scope="module")
def keras_resnet():
    """ResNet-50 of Keras with random weights and statistics."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    model = keras.applications.ResNet50(weights=None)
    draw = np.random.default_rng(1)
    for layer in model.layers:
        values = layer.get_weights()
        if layer.name.endswith("_bn"):
            values = [draw.uniform(0.5, 1.5, value.shape) for value in values]
        elif values:
            values[1] = draw.normal(0, 0.1, values[1].shape)
        layer.set_weights(values)
    return model


def older_names(model):
    """Name the arrays as Keras did when those weights were saved."""
    for layer in model.layers:
        parts = layer.name.split("_")
        kind = {"conv": "res", "bn": "bn"}.get(parts[-1])
        if layer.name == "predictions":
            name = "fc1000"
        elif layer.name.startswith("conv1_"):
            name = "conv1" if kind == "res" else "bn_conv1"
        elif kind and layer.get_weights():
            stage, block, branch = parts[0][-1], int(parts[1][-1]), parts[2]
            letter, ends = "abcdef"[block - 1], ["1", "2a", "2b", "2c"]
            name = f"{kind}{stage}{letter}_branch{ends[int(branch)]}"
        else:
            continue
        for weight, value in zip(layer.weights, layer.get_weights(), strict=True):
            yield f"{name}/{weight.name}", value


def test_weights_of_tensorflow_js_make_the_network_that_keras_has(keras_resnet):
    arrays = dict(older_names(keras_resnet))
    entries = [{"name": n, "shape": list(v.shape)} for n, v in arrays.items()]
    index = {"weightsManifest": [{"paths": ["a", "b"], "weights": entries}]}
    content = b"".join(v.astype("<f4").tobytes() for v in arrays.values())
    files = {
        "model.json": json.dumps(index).encode(),
        "a": content[:1000],
        "b": content[1000:],
    }
    network = build_resnet(1000, seed=1, variant="v1").eval()
    network.load_state_dict(convert_tfjs(files.__getitem__))
    kernel, bias = keras_resnet.layers[-1].get_weights()
    np.testing.assert_array_equal(network.fc.weight.detach(), kernel.T)
    np.testing.assert_array_equal(network.fc.bias.detach(), bias)
    network.fc = torch.nn.Identity()
    picture = np.random.default_rng(2).uniform(0, 255, (1, 224, 224, 3))
    means = [103.939, 116.779, 123.68]  # blue first
    features = keras_resnet.layers[-2]
    trunk = type(keras_resnet)(keras_resnet.input, features.output)
    expected = np.asarray(trunk(picture[..., ::-1] - means, training=False))
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    shown = torch.tensor((picture / 255 - mean) / std, dtype=torch.float32)
    with torch.inference_mode():
        found = network(shown.permute(0, 3, 1, 2)).numpy()
    # at its border Keras pads with the mean colour, which is not quite torchvision's
    assert np.abs(found - expected).max() < 0.1 * expected.std()
