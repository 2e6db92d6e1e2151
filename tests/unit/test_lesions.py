"""Photographs of one lesion under two ids: what matches, and what must not."""

import cv2
import numpy as np
import pandas as pd
import pytest

from lesionlab.data.table import COLUMNS as IMAGE_COLUMNS
from lesionlab.lesions import features, grouping
from lesionlab.lesions.candidates import propose_pairs
from lesionlab.lesions.features import describe, describe_all, read_grey, working_size
from lesionlab.lesions.grouping import decide_matches
from lesionlab.lesions.matching import EVIDENCE, match_photographs
from lesionlab.lesions.verification import align, correlate
from lesionlab.lesions.vocabulary import assign_words

WIDTH, HEIGHT = 300, 225


def draw_lesion(seed, width=WIDTH, height=HEIGHT):
    """A grey photograph with a lesion of its own texture, and its mask."""
    rng = np.random.default_rng([81, seed])
    noise = rng.normal(size=(height, width)).astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(noise, (0, 0), s) * s for s in (1.5, 4))
    y, x = np.mgrid[:height, :width]
    wave = 1 + 0.3 * np.sin(3 * np.arctan2(y - height / 2, x - width / 2) + seed)
    radius = np.hypot((y - height / 2) / height, (x - width / 2) / width)
    mask = radius < 0.27 * wave
    grey = 170 - 70 * cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3)
    grey += 22 * (fine + coarse) * np.where(mask, 1, 0.35)
    return np.clip(grey, 0, 255).astype(np.uint8), mask


def photograph_again(grey, mask, *, turn, zoom, shift, light=1.0):
    """The same lesion, turned, rescaled, shifted and relit."""
    height, width = grey.shape
    motion = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
    motion[:, 2] += shift
    size = (width, height)
    again = cv2.warpAffine(grey, motion, size, borderMode=cv2.BORDER_REFLECT)
    shade = np.linspace(0.8, 1.1, width, dtype=np.float32)[None] * light
    again = np.clip(again * shade, 0, 255).astype(np.uint8)
    moved = cv2.warpAffine(mask.astype(np.uint8), motion, size, flags=cv2.INTER_NEAREST)
    return again, moved > 0


def add_artefacts(grey):
    """What all photographs of a camera share: vignette, ruler, hair and a bubble."""
    height, width = grey.shape
    y, x = np.mgrid[:height, :width]
    far = np.hypot(x - width / 2, y - height / 2) > 0.52 * width
    shown = np.where(far, 3, grey).astype(np.uint8)
    for tick in range(20, width - 20, 7):
        length = 14 if tick % 5 else 24
        cv2.line(shown, (tick, height - 12), (tick, height - 12 - length), 20, 1)
    for start in (30, 90, 200):
        cv2.line(shown, (start, 5), (start + 60, height - 40), 35, 2, cv2.LINE_AA)
    cv2.circle(shown, (60, 60), 9, 235, 2, cv2.LINE_AA)
    return shown


def evidence_of(a, b):
    """Inliers and correlation of two (grey, mask)."""
    described = [describe(grey) for grey, _ in (a, b)]
    found = align(*((p[:, :2], kinds) for p, kinds in described), side=WIDTH)
    if found.motion is None:
        return found.inliers, float("nan")
    return found.inliers, correlate((a[0], b[0]), (a[1], b[1]), found.motion)[0]


def is_one_lesion(a, b):
    inliers, correlation = evidence_of(a, b)
    return inliers >= grouping.MIN_INLIERS and correlation >= grouping.MIN_CORRELATION


@pytest.mark.parametrize(
    "view",
    [
        {"turn": 0, "zoom": 1.0, "shift": (18, -9)},
        {"turn": 35, "zoom": 1.0, "shift": (0, 0)},
        {"turn": 180, "zoom": 0.9, "shift": (5, 5)},
        {"turn": -12, "zoom": 1.7, "shift": (10, 0)},
        {"turn": 5, "zoom": 0.6, "shift": (0, 12), "light": 0.6},
    ],
)
def test_a_lesion_is_known_again(view):
    lesion = draw_lesion(1)
    assert is_one_lesion(lesion, photograph_again(*lesion, **view))


def test_two_lesions_are_not_one():
    lesions = [draw_lesion(seed) for seed in range(8)]
    for number, a in enumerate(lesions):
        for b in lesions[:number]:
            assert not is_one_lesion(a, b)


def test_hair_ruler_vignette_and_bubble_do_not_make_a_match():
    for seed in range(0, 8, 2):
        a, b = (draw_lesion(seed + n) for n in (0, 1))
        pair = [(add_artefacts(grey), mask) for grey, mask in (a, b)]
        assert evidence_of(*pair)[0] >= grouping.MIN_INLIERS  # they do tempt
        assert not is_one_lesion(*pair)


def test_a_photograph_without_texture_has_no_features():
    plain = np.full((72, 96), 128, np.uint8)
    places, kinds = describe(plain)
    assert places.shape == (0, 4)
    assert kinds.shape == (0, 128)
    found = align((places[:, :2], kinds), (places[:, :2], kinds), side=96)
    assert (found.inliers, found.motion) == (0, None)
    assert np.isnan(found.zoom)
    assert np.isnan(found.turn)


def test_correlation_is_undefined_where_no_lesion_overlaps():
    grey, mask = draw_lesion(1)
    identity = np.eye(2, 3)
    nothing = np.zeros_like(mask)
    value, overlap = correlate((grey, grey), (nothing, nothing), identity)
    assert np.isnan(value)
    assert overlap > 0.9
    assert correlate((grey, grey), (mask, mask), identity)[0] == pytest.approx(1)
    flat = np.full_like(grey, 90)
    assert np.isnan(correlate((flat, flat), (mask, mask), identity)[0])


def test_words_do_not_depend_on_what_else_the_machine_does():
    kinds = np.random.default_rng(82).integers(0, 120, (5000, 128)).astype(np.uint8)
    words, n_words = assign_words(kinds)
    assert np.array_equal(words, assign_words(kinds.copy())[0])
    assert 0 <= words.min() <= words.max() < n_words
    assert len(np.unique(words)) > n_words // 2
    assert assign_words(kinds[:0])[0].shape == (0,)
    assert assign_words(kinds[:1])[0].tolist() == [0]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Twelve photographs of nine lesions: 0, 1 and 2 were photographed again."""
    folder = tmp_path_factory.mktemp("twins")
    pairs = [draw_lesion(seed) for seed in range(9)]
    views = [
        {"turn": 20, "zoom": 1.1, "shift": (4, 9)},
        {"turn": 0, "zoom": 0.8, "shift": (9, 0), "light": 0.7},
        {"turn": 90, "zoom": 1.0, "shift": (0, 0)},
    ]
    pairs += [photograph_again(*pairs[n], **view) for n, view in enumerate(views)]
    for number, (grey, mask) in enumerate(pairs):
        cv2.imwrite(str(folder / f"{number}.png"), grey)
        cv2.imwrite(str(folder / f"{number}_mask.png"), mask.astype(np.uint8) * 255)
    return folder


def table_of(root):
    count = len(list(root.glob("*_mask.png")))
    names = [f"ISIC_{n:02d}" for n in range(count)]
    facts = {
        "image_id": names,
        "lesion_id": [f"HAM_{n:02d}" for n in range(count)],
        "group": [f"HAM_{n:02d}" for n in range(count)],
        "label": "NV",
        "image": [f"{n}.png" for n in range(count)],
        "mask": [f"{n}_mask.png" for n in range(count)],
        "width": WIDTH,
        "height": HEIGHT,
    }
    table = pd.DataFrame(facts)
    assert set(facts) <= set(IMAGE_COLUMNS)
    return table


def names_of(evidence):
    strong = evidence[evidence["inliers"] >= grouping.MIN_INLIERS]
    return list(zip(strong["image_a"], strong["image_b"], strict=True))


def test_the_pairs_are_found_among_others(root):
    evidence = match_photographs(table_of(root), root, workers=1)
    assert list(evidence.columns) == EVIDENCE
    assert names_of(evidence) == [
        ("ISIC_00", "ISIC_09"),
        ("ISIC_01", "ISIC_10"),
        ("ISIC_02", "ISIC_11"),
    ]
    strong = evidence[evidence["inliers"] >= grouping.MIN_INLIERS]
    assert strong["zoom"].to_list() == pytest.approx([1.1, 0.8, 1.0], abs=0.03)
    assert strong["turn"].abs().to_list() == pytest.approx([20, 0, 90], abs=2)
    assert strong["correlation"].min() > 0.7


def test_neither_order_nor_workers_change_a_figure(root):
    table = table_of(root)
    first = match_photographs(table, root, workers=1)
    again = match_photographs(table.sample(frac=1, random_state=3), root, workers=3)
    pd.testing.assert_frame_equal(first, again)


def test_photographs_of_one_group_are_not_proposed(root):
    table = table_of(root)
    table.loc[table["image_id"] == "ISIC_09", "group"] = "HAM_00"
    names = names_of(match_photographs(table, root, workers=1))
    assert names == [("ISIC_01", "ISIC_10"), ("ISIC_02", "ISIC_11")]


def test_photographs_without_features_are_no_error(tmp_path):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((72, 96), 99, np.uint8))
        mask = np.zeros((72, 96), np.uint8)
        mask[20:40, 20:40] = 255
        cv2.imwrite(str(tmp_path / f"{number}_mask.png"), mask)
    table = table_of(tmp_path).assign(width=96, height=72)
    evidence = match_photographs(table, tmp_path, workers=1)
    assert evidence.empty
    published = evidence[["image_a", "image_b"]]
    assert decide_matches(evidence, published, table).empty


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((600, 450), (300, 225)),
        ((2000, 3000), (200, 300)),
        ((96, 72), (96, 72)),
        ((2400, 1800), (300, 225)),
        ((3000, 1), (300, 1)),
    ],
)
def test_photographs_of_any_size_are_compared_at_one(tmp_path, size, wanted):
    path = tmp_path / "large.jpg"
    cv2.imwrite(str(path), np.full(size[::-1], 90, np.uint8))
    grey = read_grey(path, width=size[0], height=size[1])
    assert grey.shape[::-1] == wanted == working_size(*size)


def test_no_pair_is_proposed_among_few_or_no_descriptors(root):
    paths = [root / "0.png"]
    one = describe_all(paths, [(WIDTH, HEIGHT)], workers=1)
    assert len(one.points) <= features.POINTS
    words, n_words = assign_words(one.descriptors)
    pairs = propose_pairs(one, words, n_words, np.zeros(1, np.int64), workers=1)
    assert pairs.shape == (0, 2)
