"""A training never takes up the state of another: whatever differs, its folder does."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from torchvision.models.resnet import Bottleneck, ResNet

from faults.trainings import CLASSIFIER, UNET, make_paths, write_inputs
from lesionlab.state import TrainingState


class Seen(Exception):
    """Ends a script when it has said whose state it wants."""


def wanted_folder(script, paths, options, monkeypatch):
    """Folder of the state that a training script would use."""

    def stop(folder, identity):
        raise Seen(TrainingState(folder, identity).folder)

    monkeypatch.setattr(script, "TrainingState", stop)
    with pytest.raises(Seen) as seen:
        script.main(paths, options=options)
    return seen.value.args[0]


def change_pixels(paths):
    pixels = np.load(paths.pixels)
    pixels[0, 0, 0, 0] ^= 1
    np.save(paths.pixels, pixels)


def change_masks(paths):
    masks = np.load(paths.masks)
    masks[0, 0, 0] ^= 255
    np.save(paths.masks, masks)


def change_index(paths):
    table = pd.read_csv(paths.index)
    table.iloc[::-1].to_csv(paths.index, index=False)


def change_split(paths):
    table = pd.read_csv(paths.split)
    table.loc[0, "set"] = "test"
    table.to_csv(paths.split, index=False)


CHANGES = [change_pixels, change_index, change_split]


@pytest.fixture
def unet(tmp_path, monkeypatch):
    import train_unet

    monkeypatch.setattr(train_unet, "start_backend", lambda *_, **__: None)
    write_inputs(tmp_path, size=(32, 48), task="segmentation")
    return partial(wanted_folder, train_unet, make_paths(tmp_path))


@pytest.fixture
def classifier(tmp_path, monkeypatch):
    import train_classifier
    from lesionlab.networks import resnet

    small = partial(ResNet, Bottleneck, [1, 1, 1, 1])
    monkeypatch.setattr(resnet, "resnet50", small)
    write_inputs(tmp_path, size=(32, 32), task="classification")
    paths = make_paths(tmp_path)
    paths.weights = tmp_path / "initial.pth"
    torch.save(small().state_dict(), paths.weights)
    return partial(wanted_folder, train_classifier, paths)


def check(wants, options, monkeypatch, changes):
    """Every change leads to a folder of its own, and the same to the same."""
    first = wants(options, monkeypatch)
    assert wants(dict(options), monkeypatch) == first
    folders = {first}
    others = [{**options, key: "other"} for key in ("code", "fold")]
    others += [{**options, key: options[key] + 1} for key in ("seed", "epochs")]
    for other in others:
        folders.add(wants(other, monkeypatch))
    for change in changes:
        change(wants.args[1])
        folders.add(wants(options, monkeypatch))
    assert len(folders) == 1 + len(others) + len(changes)
    return folders


def test_the_state_of_a_unet_is_its_own(unet, monkeypatch):
    import train_unet

    folders = check(unet, UNET, monkeypatch, [*CHANGES, change_masks])
    folders.add(unet({**UNET, "threads": 2}, monkeypatch))
    monkeypatch.setattr(train_unet, "device_kind", lambda: "gpu")
    assert unet(UNET, monkeypatch) not in folders


def test_the_state_of_a_classifier_is_its_own(classifier, monkeypatch):
    from lesionlab.training import device

    def change_weights(paths):
        weights = torch.load(paths.weights)
        weights["conv1.weight"][0, 0, 0, 0] += 1
        torch.save(weights, paths.weights)

    options = {**CLASSIFIER, "weights_variant": "v1.5"}
    folders = check(classifier, options, monkeypatch, [*CHANGES, change_weights])
    for other in ({"arm": "segmented"}, {"weights_variant": "v1"}):
        folder = classifier({**options, **other}, monkeypatch)
        assert folder not in folders
        folders.add(folder)
    monkeypatch.setattr(device, "pick_device", lambda _: torch.device("meta"))
    for threads in (1, 2):
        folder = classifier({**options, "threads": threads}, monkeypatch)
        assert folder not in folders
        folders.add(folder)
