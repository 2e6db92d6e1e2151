"""ResNet-50: its variants are never guessed, its weights never trusted."""

import json

import pytest
import torch

from lesionlab.errors import LabError
from lesionlab.networks.initial import load_initial_weights
from lesionlab.networks.network import (
    Architecture,
    build_network,
    load_model,
    save_model,
)
from lesionlab.networks.resnet import build_resnet
from lesionlab.training.pictures import IMAGENET
from lesionlab.weights.variant import weights_variant


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A state dict as torchvision saves it: 1000 classes."""
    path = tmp_path_factory.mktemp("weights") / "resnet.pth"
    torch.save(build_resnet(1000, seed=9).state_dict(), path)
    return path


def test_the_reference_network_has_torchvisions_parameters():
    count = sum(p.numel() for p in build_resnet(3, seed=1).parameters())
    assert count == 25_557_032 - 997 * 2049


def test_equal_seeds_give_equal_weights_and_leave_the_global_generator():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, second = (build_resnet(3, seed=4).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first["fc.weight"], build_resnet(3, seed=5).fc.weight)


def test_the_variants_share_weights_but_not_outputs():
    v1, v15 = (build_resnet(3, seed=1, variant=name) for name in ("v1", "v1.5"))
    v1.load_state_dict(v15.state_dict())
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert not torch.allclose(v1.eval()(picture), v15.eval()(picture))
    assert v1.layer2[0].conv1.stride == (2, 2) == v15.layer2[0].conv2.stride


def test_pretrained_weights_are_taken_but_for_the_head(pretrained):
    network = build_network(Architecture(), 3, seed=1)
    model = network.module
    head = model.fc.weight.clone()
    load_initial_weights(network, pretrained)
    assert torch.equal(model.fc.weight, head)
    assert torch.equal(model.conv1.weight, torch.load(pretrained)["conv1.weight"])


def test_the_variant_is_named_beside_the_file_or_in_the_config(tmp_path):
    path = tmp_path / "w.pth"
    with pytest.raises(LabError, match=r"v1 or v1\.5\? name it"):
        weights_variant(path, None)
    assert weights_variant(path, "v1") == "v1"
    path.with_suffix(".json").write_text(json.dumps({"variant": "v1.5"}))
    assert weights_variant(path, None) == "v1.5"
    with pytest.raises(LabError, match=r"v1, but .*w\.json says v1\.5"):
        weights_variant(path, "v1")
    for content in ("{", "[]"):
        path.with_suffix(".json").write_text(content)
        with pytest.raises(LabError, match=r"w\.json: no readable JSON object"):
            weights_variant(path, "v1")


def test_a_saved_model_comes_back_with_its_classes_and_variant(tmp_path):
    architecture = Architecture(variant="v1")
    model = build_network(architecture, 4, seed=1).module.eval()
    path, names = tmp_path / "model.safetensors", ["a", "b", "c", "d"]
    built = {"architecture": architecture, "scale": IMAGENET}
    save_model(path, model.state_dict(), **built, classes=names)
    loaded, classes = load_model(path)
    picture = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(loaded.module(picture), model(picture))
    assert classes == names
