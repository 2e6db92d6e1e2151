"""Photographs of every kind, in one orientation with their masks, and whole."""

import cv2
import numpy as np
import pytest
from PIL import Image

import pack_images
from lesionlab.data.packing import list_sizes, load_mask, load_pixels, load_small, pack
from lesionlab.decoding.masks import read_mask, turn
from lesionlab.decoding.photographs import read_photograph
from lesionlab.files import read_csv, write_csv
from lesionlab.lesions.features import read_grey
from lesionlab.lesions.matching import read_working
from lesionlab.stage import Paths
from unit.folder import (
    FIRST,
    HEIGHT,
    WIDTH,
    build,
    findings,
    make_lossless,
    mask_path,
    orient_photograph,
    write_tagged,
)

SIDEWAYS, UPSIDE_DOWN = (5, 6, 7, 8), (2, 3, 4)
PHOTOGRAPH = f"images/{FIRST}.jpg"


@pytest.fixture
def root(root):
    """A root whose first photograph is lossless, so that it can be turned."""
    make_lossless(root / PHOTOGRAPH)
    return root


def tag_mask(root, tag):
    path = mask_path(root, FIRST)
    write_tagged(path, np.asarray(Image.open(path)), tag)


@pytest.mark.parametrize("tag", SIDEWAYS)
def test_a_photograph_is_turned_where_its_mask_says_so(root, tag):
    expected = build(root)[0]
    orient_photograph(root / PHOTOGRAPH, tag)
    images, quarantine = build(root)
    assert quarantine.empty
    assert images.drop(columns="sha256").equals(expected.drop(columns="sha256"))
    assert "1 photograph(s) were turned by their EXIF orientation" in findings(root)


@pytest.mark.parametrize("tag", SIDEWAYS)
def test_a_tag_that_the_mask_contradicts_is_not_obeyed(root, tag):
    expected = build(root)[0]
    with Image.open(root / PHOTOGRAPH) as picture:
        pixels = np.asarray(picture)
    write_tagged(root / PHOTOGRAPH, pixels, tag)
    images, quarantine = build(root)
    assert quarantine.empty
    assert images.drop(columns="sha256").equals(expected.drop(columns="sha256"))
    assert "bear an EXIF orientation that their masks' sizes contradict" in (
        findings(root)
    )


@pytest.mark.parametrize("tag", UPSIDE_DOWN)
def test_a_photograph_that_fits_both_ways_is_refused(root, tag):
    orient_photograph(root / PHOTOGRAPH, tag)
    assert build(root)[1].to_numpy().tolist() == [
        [FIRST, PHOTOGRAPH, "orientation unclear"]
    ]


def test_a_square_photograph_with_a_tag_is_refused(root):
    square = np.random.default_rng(1).integers(0, 256, (48, 48, 3), np.uint8)
    write_tagged(root / PHOTOGRAPH, square, 6)
    mask = np.zeros((48, 48), np.uint8)
    mask[9:20, 9:30] = 255
    Image.fromarray(mask).save(mask_path(root, FIRST))
    assert build(root)[1]["reason"].item() == "orientation unclear"


@pytest.mark.parametrize("tag", [*SIDEWAYS, *UPSIDE_DOWN])
def test_a_mask_with_the_tag_of_its_photograph_turns_with_it(root, tag):
    images = build(root)[0].set_index("image_id")
    expected = read_photograph(root / PHOTOGRAPH, size=(WIDTH, HEIGHT))
    truth = read_mask(mask_path(root, FIRST))
    for path in (root / PHOTOGRAPH, mask_path(root, FIRST)):
        orient_photograph(path, tag)
    again, quarantine = build(root)
    assert quarantine.empty
    again = again.set_index("image_id")
    assert again["pixels_sha256"].equals(images["pixels_sha256"])
    size = list_sizes(again)[0]
    assert np.array_equal(read_photograph(root / PHOTOGRAPH, size=size), expected)
    assert np.array_equal(read_mask(mask_path(root, FIRST)), truth)


def test_a_mask_with_a_tag_of_its_own_is_refused(root):
    tag_mask(root, 3)
    assert build(root)[1]["reason"].item() == "orientation unclear"


@pytest.mark.parametrize("obeyed", [True, False])
@pytest.mark.parametrize("tag", SIDEWAYS)
def test_all_that_is_read_later_agrees_with_the_mask(root, tmp_path, tag, obeyed):
    with Image.open(root / PHOTOGRAPH) as picture:
        pixels = np.asarray(picture)
    if obeyed:
        orient_photograph(root / PHOTOGRAPH, tag)
    else:
        write_tagged(root / PHOTOGRAPH, pixels, tag)
    images = build(root)[0]
    row, size = images.iloc[0], list_sizes(images)[0]
    assert size == (WIDTH, HEIGHT)
    path = root / row["image"]
    assert np.array_equal(read_photograph(path, size=size), pixels)
    assert load_small(path, size=size, width=24).shape == (18, 24, 3)
    for target, load in (("p", load_pixels), ("m", load_mask)):
        pack(
            [path if target == "p" else root / row["mask"]],
            tmp_path / f"{target}.npy",
            sizes=[size],
            load=load,
            height=HEIGHT,
            width=WIDTH,
            workers=1,
        )
    assert np.array_equal(np.load(tmp_path / "p.npy")[0], pixels)
    assert np.array_equal(
        np.load(tmp_path / "m.npy")[0] > 0, read_mask(root / row["mask"])
    )
    grey = read_grey(path, width=WIDTH, height=HEIGHT)
    expected = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(grey.astype(int) - expected).max() <= 2
    assert read_working(row, root)[0].shape == read_working(row, root)[1].shape


def test_the_packed_arm_is_in_the_orientation_of_the_table(root, tmp_path):
    images = build(root)[0]
    split = images.assign(fold="fold0", task="classification", set="train")
    packed = []
    for turned in (False, True):
        if turned:
            orient_photograph(root / PHOTOGRAPH, 6)
        write_csv(tmp_path / "images.csv", build(root)[0])
        write_csv(tmp_path / "split.csv", split)
        paths = Paths(
            images=tmp_path / "images.csv",
            split=tmp_path / "split.csv",
            root=root,
            pixels=tmp_path / "pixels.npy",
            index=tmp_path / "index.csv",
        )
        options = {"arm": "original", "scope": "fold0", "size": 32, "workers": 1}
        pack_images.main(paths, options=options)
        packed.append(np.load(paths.pixels))
        assert read_csv(paths.index)["image_id"].tolist() == images["image_id"].tolist()
    assert np.array_equal(*packed)


@pytest.mark.parametrize("reduced", [600, 1300, 2500])
def test_reduced_decoding_turns_as_whole_decoding_does(tmp_path, reduced):
    y, x = np.mgrid[: reduced * 3 // 4, :reduced]
    pixels = np.dstack([x * 255 // reduced, y * 255 // reduced, x * 0]).astype(np.uint8)
    path = tmp_path / "large.png"
    write_tagged(path, turn(pixels, 8), 6)
    size = {"width": reduced, "height": reduced * 3 // 4}
    grey = read_grey(path, **size)
    whole = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(whole, grey.shape[::-1], interpolation=cv2.INTER_AREA)
    assert grey.shape == (225, 300)
    assert np.abs(grey.astype(int) - small).max() < 12


# ---- kinds of photographs ----
def save_cmyk(path, pixels):
    Image.fromarray(pixels).convert("CMYK").save(path, "JPEG", quality=98)


def save_grey(path, pixels):
    Image.fromarray(pixels).convert("L").save(path, "JPEG", quality=98)


def save_deep(path, pixels):
    content = cv2.imencode(".png", pixels[..., ::-1].astype(np.uint16) * 257)[1]
    content.tofile(path)


def save_opaque(path, pixels):
    Image.fromarray(pixels).convert("RGBA").save(path, "PNG")


KINDS = {
    "CMYK": (save_cmyk, 4, "are CMYK and were converted without a colour profile"),
    "grey": (save_grey, 2, "have no colours"),
    "16 bits": (save_deep, 0, "have 16 bits a value, of which the upper 8 are used"),
    "": (save_opaque, 0, ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_photograph_of_another_kind_is_decoded_rightly_and_counted(root, kind):
    save, slack, words = KINDS[kind]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = (
        np.dstack([90 + 3 * x, 60 + 4 * y, 80 + x + y]).clip(0, 255).astype(np.uint8)
    )
    save(root / PHOTOGRAPH, pixels)
    images, quarantine = build(root)
    assert quarantine.empty
    seen = read_photograph(root / PHOTOGRAPH, size=list_sizes(images)[0]).astype(int)
    if kind == "grey":
        pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
    assert np.abs(seen - pixels).mean() <= slack
    assert words in findings(root)
    assert bool(words) == bool(findings(root))


@pytest.mark.parametrize("opaque", [False, True])
def test_16_bits_that_hold_12_are_refused(root, opaque):
    pixels = cv2.imread(str(root / PHOTOGRAPH)).astype(np.uint16) * 16
    if opaque:  # which is bright whatever the colours are
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 65535, np.uint16)])
    cv2.imencode(".png", pixels)[1].tofile(root / PHOTOGRAPH)
    assert build(root)[1]["reason"].item() == "16 bits too dark"
