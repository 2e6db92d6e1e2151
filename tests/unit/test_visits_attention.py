"""Where a network looked: the map, its share inside the lesion, and what is drawn."""

import numpy as np
import pytest

from lesionlab.application.engine import load_networks
from lesionlab.bundle.manifest import load_bundle
from lesionlab.networks.network import Architecture, build_network, save_model
from lesionlab.training.pictures import enter
from lesionlab.visits import desk as desks
from lesionlab.visits.attention import (
    Attention,
    attend,
    draw_attention,
    enlarge,
    find_maps,
)
from lesionlab.visits.cases import decode_small
from lesionlab.visits.decision import Choice
from unit.made_bundle import CLASSES, draw_photograph, encode, make_bundle
from unit.test_visits import drop, make_desk, show

SIZE = 64
SHOWN = Choice("en", 95, attention=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A network with feature maps, and its file."""
    architecture = Architecture("timm/test_resnet", size=SIZE)
    network = build_network(architecture, 3, seed=1)
    path = tmp_path_factory.mktemp("network") / "model.safetensors"
    save_model(
        path,
        network.module.eval().state_dict(),
        architecture=architecture,
        scale=network.scale,
        classes=CLASSES,
    )
    return network, path


@pytest.fixture
def desk(tmp_path, trained):
    """A desk whose bundle holds the weights of both its arms, of two folds."""
    bundle = load_bundle(make_bundle(tmp_path, folds=("fold0", "fold1")))
    for about in bundle.facts["arms"].values():
        about.update(weights=trained[1], size=SIZE)
    return make_desk(load_networks(bundle, threads=1))


def test_attention_is_what_the_last_maps_say_for_the_class(trained):
    import torch

    network, path = trained
    module = network.module
    picture = draw_photograph(1, height=SIZE, width=SIZE)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[:, :20] = True
    # behind the maps stand a mean and one linear layer, so the gradient is its weight
    with torch.no_grad():
        batch = enter(torch.from_numpy(picture[None]), network.scale)
        maps = module.forward_features(batch)[0].numpy()
        weights = module.get_classifier().weight.numpy() / maps[0].size
    shares = []
    for positive in range(3):
        found = attend(path, picture, mask, positive=positive)
        truth = np.maximum(np.tensordot(weights[positive], maps, axes=1), 0)
        np.testing.assert_allclose(found.grid, truth, rtol=1e-3, atol=1e-6)
        whole = enlarge(truth, SIZE, SIZE)
        if whole.any():
            share = whole[mask].sum() / whole.sum()
            assert found.share == pytest.approx(share, rel=1e-3)
        else:
            assert found.share is None
        shares.append(found.share)
        assert attend(path, picture, None, positive=positive).share is None
    assert any(shares)


@pytest.mark.parametrize(
    ("model", "size", "maps"),
    [
        ("timm/test_resnet", 64, True),
        ("timm/test_efficientnet", 64, True),
        ("timm/test_convnext", 64, True),
        ("timm/test_vit", 160, False),
        ("resnet50", 32, False),
    ],
)
def test_a_network_without_maps_is_told_from_one_with(model, size, maps):
    network = build_network(Architecture(model, size=size), 3, seed=0)
    network.module.eval()
    layer = find_maps(network.module, size)
    assert (layer is not None) is maps
    assert not any(one._forward_hooks for one in network.module.modules())


def test_attention_is_drawn_bright_where_it_is():
    grid = np.zeros((2, 2), np.float32)
    grid[0, 0] = 1
    grey = np.full((40, 40, 3), 100, np.uint8)
    drawn = draw_attention(grey, grid, 80, 120).astype(int)
    assert drawn.shape == (80, 120, 3)
    assert drawn[4, 4, 1] > drawn[76, 116, 1] + 80


def test_it_is_drawn_over_what_the_network_was_shown(desk, monkeypatch):
    seen = []

    def watch(_weights, picture, mask, **_):
        seen.append((picture, mask))
        return Attention(np.eye(2, dtype=np.float32), 0.4)

    monkeypatch.setattr(desks, "attend", watch)
    photograph = draw_photograph(1)
    drop(desk, "one", {"a.png": encode(photograph)})
    assert [*desk.attend("one")] == [(0, 1)]
    (whole, mask), (alone, _) = seen
    assert whole.shape == alone.shape == (SIZE, SIZE, 3)
    assert mask.shape == (288, 384)
    corners = [picture[:8, :8].mean() for picture in (whole, alone)]
    assert corners[0] > 100
    assert corners[1] == 0
    pictures = desk.register.look("one").entries[0].pictures
    for arm in ("original", "segmented"):
        drawn = decode_small(
            desk.register.album.get(pictures[f"attention-{arm}"]).content
        )
        assert drawn.shape == (288, 384, 3)
    cards = show(desk, "one", SHOWN)
    assert cards.count("40&nbsp;% of the attention lies inside the lesion") == 2
    # the cut-out alone depends on whose outline it is
    assert cards.count("on which most segmenters agree") == 1


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "no feature maps from which"),
        (Attention(np.zeros((2, 2), np.float32), None), "Nothing on the photograph"),
        (Attention(np.eye(2, dtype=np.float32), None), "a map of 2 x 2 fields"),
    ],
)
def test_what_attention_cannot_say_is_told(desk, monkeypatch, found, words):
    monkeypatch.setattr(desks, "attend", lambda *_, **__: found)
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    list(desk.attend("one"))
    cards = show(desk, "one", SHOWN)
    assert words in cards
    assert "of the attention lies" not in cards
    assert words not in show(desk, "one")


def test_no_share_is_told_where_pixels_were_moved(desk, monkeypatch):
    masks = []
    monkeypatch.setattr(desks, "attend", lambda _, __, mask, **___: masks.append(mask))
    monkeypatch.setattr(desks, "IN_PLACE", ("original",))
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    list(desk.attend("one"))
    assert [mask is None for mask in masks] == [False, True]


def test_attention_on_a_picture_that_made_room_is_told(desk):
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    desk.register.album.drop(desk.register.look("one").key)
    list(desk.attend("one"))
    assert "made room for later ones" in show(desk, "one", SHOWN)


def test_attention_on_what_is_forgotten_meanwhile_leaves_nothing(desk, monkeypatch):
    def forget(*_, **__):
        desk.register.forget("one")
        return Attention(np.eye(2, dtype=np.float32), 0.4)

    monkeypatch.setattr(desks, "attend", forget)
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    list(desk.attend("one"))
    assert len(desk.register.album) == 0
