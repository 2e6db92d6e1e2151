"""`classification.size: null`: pictures of the size that the network was made for."""

import json
from functools import partial

import cv2
import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from torchvision.models.resnet import Bottleneck, ResNet

import describe_network
import pack_images
import train_classifier
from faults.trainings import CLASSIFIER, make_paths, write_inputs
from lesionlab.errors import LabError
from lesionlab.files import read_json, write_json
from lesionlab.networks import resnet
from lesionlab.networks.network import Architecture, build_network, find_input
from lesionlab.report.tables import training_table
from lesionlab.stage import Paths
from workflow.runner import (
    TINY,
    asked_resources,
    copy_checkout,
    dry_run,
    overlay,
    stale_rules,
)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("resnet50", 224),
        ("timm/tf_efficientnet_lite0", 224),
        ("timm/vit_small_patch14_dinov2", 518),
    ],
)
def test_the_size_of_a_network_is_written_down(tmp_path, model, size):
    path = tmp_path / "network.json"
    describe_network.main(Paths(network=path), options={"model": model})
    written = read_json(path)
    assert written.keys() == {"model", "size", "mean", "std"}
    assert (written["model"], written["size"]) == (model, size)


@pytest.mark.parametrize("model", ["resnet50", "timm/tf_efficientnet_lite0"])
def test_the_scale_is_that_of_the_network_that_is_built(model):
    built = build_network(Architecture(model, 32), 3, seed=1)
    assert find_input(model)[1] == built.scale


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (
            "timm/convnext_ato",
            "classification.model: timm has no convnext_ato; near it: convnext_atto",
        ),
        (
            "timm/vit_base_patch16_sapiens2",
            "classification.size: null: timm/vit_base_patch16_sapiens2 was made for "
            "768 x 1024 pixels, which are no square; give a number",
        ),
    ],
)
def test_what_has_no_size_is_refused_in_a_line(tmp_path, model, why):
    path = tmp_path / "network.json"
    with pytest.raises(LabError) as error:
        describe_network.main(Paths(network=path), options={"model": model})
    assert str(error.value).startswith(why)
    assert "\n" not in str(error.value)
    assert not path.exists()


def test_a_network_is_described_only_where_no_size_is_given(repository, tmp_path):
    checkout = copy_checkout(repository, tmp_path / "checkout")
    printed = {}
    for size in (None, 224, 32):
        change = {"classification": {"size": size}}
        configs = (TINY, overlay(tmp_path / "size.yaml", change))
        printed[size] = dry_run(checkout, configs=configs)
    rules = {size: stale_rules(text) for size, text in printed.items()}
    assert set(rules[None]) - set(rules[32]) == {"describe_network"}
    assert rules[224] == rules[32]
    asked = {
        size: asked_resources(text)["train_classifier"]["mem_mb"]
        for size, text in printed.items()
    }
    assert int(asked[None]) == int(asked[224]) > int(asked[32])


@pytest.mark.parametrize(("size", "side"), [(None, 40), (32, 32)])
def test_pictures_are_packed_at_the_size_of_the_network(tmp_path, size, side):
    names = ["ISIC_0000001", "ISIC_0000002"]
    picture = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    for name in names:
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    table = pd.DataFrame({"image_id": names, "file": [f"{n}.png" for n in names]})
    table.to_csv(tmp_path / "manifest.csv", index=False)
    split = table.assign(fold="fold0", task="classification", set="train")
    split.to_csv(tmp_path / "split.csv", index=False)
    files = {"split": "split.csv", "manifest": "manifest.csv"}
    files |= {"pixels": "pixels.npy", "index": "index.csv"}
    if size is None:
        write_json(tmp_path / "network.json", {"size": 40})
        files["network"] = "network.json"
    paths = Paths(**{key: tmp_path / name for key, name in files.items()})
    options = {"arm": "crop", "scope": "data", "size": size, "workers": 1}
    pack_images.main(paths, options=options)
    assert np.load(paths.pixels).shape == (2, side, side, 3)


def test_a_training_has_the_size_of_its_pictures_and_the_report_says_it(
    tmp_path, monkeypatch
):
    small = partial(ResNet, Bottleneck, [1, 1, 1, 1])
    monkeypatch.setattr(resnet, "resnet50", small)
    write_inputs(tmp_path, size=(40, 40), task="classification")
    paths = make_paths(tmp_path)
    del paths.weights  # random initial weights
    train_classifier.main(paths, options={**CLASSIFIER, "epochs": 2})
    with safe_open(paths.model, "pt") as file:
        assert json.loads(file.metadata()["notes"])["size"] == 40
    facts = read_json(paths.training)
    unet = {name: value for name, value in facts.items() if name != "size"}
    table = training_table({"U-Net/fold0": unet, "original/fold0/seed1": facts})
    column = table["head"].index("Side, pixels")
    assert [row["cells"][column] for row in table["rows"]] == ["–", "40"]
