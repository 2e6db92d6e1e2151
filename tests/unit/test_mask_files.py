"""What is a mask, however it was stored, and what is none."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter

from lesionlab.decoding.masks import open_mask, read_mask
from lesionlab.decoding.shapes import is_exchanged
from lesionlab.errors import LabError
from lesionlab.phantom.lesions import draw_lesion, draw_photograph
from unit.folder import (
    FIRST,
    build,
    change_masks,
    findings,
    mask_path,
)

OPTIONS = {"width": 96, "height": 72, "seed": 4, "signal": "lesion", "strength": 1.0}
COUNT = 12


def draw(number, **changes):
    """A photograph of a phantom and its mask."""
    options = {**OPTIONS, **changes}
    return draw_photograph(draw_lesion(number, options), 0, options)


def encode(picture, kind="PNG", **options):
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def grey(mask, low=0, high=255):
    return Image.fromarray(np.where(mask, high, low).astype(np.uint8))


def coloured(mask, skin, lesion):
    colours = np.array([skin, lesion], np.uint8)
    return Image.fromarray(colours[mask.astype(int)])


def palette(mask, *colours):
    picture = Image.fromarray(mask.astype(np.uint8), "P")
    picture.putpalette([*colours])
    return picture


def smaller(mask, factor, method=Image.Resampling.BILINEAR):
    picture = grey(mask)
    size = [side // factor for side in picture.size]
    return picture.resize(size, method).resize(picture.size, method)


def opacity(mask, colour):
    colours = np.zeros((*mask.shape, 4), np.uint8)
    colours[..., :3] = colour
    colours[..., 3] = mask * np.uint8(255)
    return Image.fromarray(colours)


EXACT = {
    "0 and 255": lambda m: encode(grey(m)),
    "0 and 1": lambda m: encode(grey(m, 0, 1)),
    "0 and 128": lambda m: encode(grey(m, 0, 128)),
    "1 and 2": lambda m: encode(grey(m, 1, 2)),
    "one bit": lambda m: encode(Image.fromarray(m)),
    "16 bits, 0 and 1": lambda m: encode(Image.fromarray(m.astype(np.uint16))),
    "16 bits, full": lambda m: encode(Image.fromarray(m.astype(np.uint16) * 65535)),
    "red on black": lambda m: encode(coloured(m, (0, 0, 0), (255, 0, 0))),
    "blue on black": lambda m: encode(coloured(m, (0, 0, 0), (0, 0, 255))),
    "white on red": lambda m: encode(coloured(m, (255, 0, 0), (255, 255, 255))),
    "dark palette": lambda m: encode(palette(m, 0, 0, 0, 128, 0, 0)),
    "inverted palette": lambda m: encode(palette(~m, 255, 255, 255, 0, 0, 0)),
    "white on nothing": lambda m: encode(opacity(m, 255)),
    "black on nothing": lambda m: encode(opacity(m, 0)),
    "grey with opacity": lambda m: encode(grey(m).convert("LA")),
    "colours with opacity": lambda m: encode(
        coloured(m, (0, 0, 0), (0, 255, 0)).convert("RGBA")
    ),
    "BMP": lambda m: encode(grey(m), "BMP"),
}
SOFT = {
    "JPEG 90": lambda m: encode(grey(m), "JPEG", quality=90),
    "JPEG 75": lambda m: encode(grey(m), "JPEG", quality=75),
    "JPEG 50": lambda m: encode(grey(m), "JPEG", quality=50),
    "JPEG, grey on black": lambda m: encode(grey(m, 0, 128), "JPEG", quality=75),
    "JPEG, red on black": lambda m: encode(
        coloured(m, (0, 0, 0), (255, 0, 0)), "JPEG", quality=75
    ),
    "half the size": lambda m: encode(smaller(m, 2)),
    "half the size, bicubic": lambda m: encode(smaller(m, 2, Image.Resampling.BICUBIC)),
    "half the size, JPEG": lambda m: encode(smaller(m, 2), "JPEG"),
    "blurred": lambda m: encode(grey(m).filter(ImageFilter.GaussianBlur(0.7))),
    "16 bits": lambda m: encode(
        Image.fromarray(np.asarray(smaller(m, 2)).astype(np.uint16) * 257)
    ),
}


def stretch(values):
    values = values.astype(float)
    return (255 * (values - values.min()) / np.ptp(values)).astype(np.uint8)


def edge(mask):
    return (cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) > 0) & ~mask


def no_masks(photograph, mask):
    """Pictures that are none, by name."""
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    third = np.zeros(mask.shape, bool)
    third[:, : mask.shape[1] // 3] = True
    noise = np.random.default_rng(1).integers(0, 256, mask.shape, np.uint8)
    return {
        "photograph": photograph,
        "grey photograph": grey,
        "photograph of strong tones": cv2.equalizeHist(grey),
        "heat map": cv2.GaussianBlur(mask * np.uint8(255), (0, 0), 6),
        "distance map": stretch(
            cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
        ),
        "noise": noise,
        "three tones": np.where(third, 127, mask * 255).astype(np.uint8),
        "cut out on black": photograph * mask[..., None],
        "cut out on white": np.where(mask[..., None], photograph, 255).astype(np.uint8),
        "grey": np.full(mask.shape, 127, np.uint8),
        "slope": stretch(np.indices(mask.shape)[1]),
    }


NONE = no_masks(np.zeros((36, 48, 3), np.uint8), np.eye(36, 48, dtype=bool))


@pytest.mark.parametrize("name", EXACT)
def test_two_values_are_two_values(name, tmp_path):
    for number in range(3):
        mask = draw(number)[1]
        (tmp_path / "mask.png").write_bytes(EXACT[name](mask))
        found = open_mask(tmp_path / "mask.png")
        assert np.array_equal(found.lesion, mask)
        assert found.between == 0


@pytest.mark.parametrize("name", SOFT)
@pytest.mark.parametrize("size", [(96, 72), (300, 225)])
def test_a_soft_border_is_cut_at_half(name, size, tmp_path):
    areas = []
    for number in range(COUNT):
        mask = draw(number, width=size[0], height=size[1])[1]
        (tmp_path / "mask.png").write_bytes(SOFT[name](mask))
        found = open_mask(tmp_path / "mask.png")
        assert found.lesion is not None, number
        assert 0 <= found.between < 0.25
        areas.append(found.lesion.sum() / mask.sum())
        assert (found.lesion & mask).sum() / (found.lesion | mask).sum() > 0.95
    assert np.median(areas) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", NONE)
@pytest.mark.parametrize("size", [(96, 72), (300, 225)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_is_no_mask_is_refused(name, size, kind, tmp_path):
    for number in range(COUNT):
        photograph, mask = draw(number, width=size[0], height=size[1])
        picture = Image.fromarray(no_masks(photograph, mask)[name])
        (tmp_path / "mask.png").write_bytes(encode(picture, kind))
        assert open_mask(tmp_path / "mask.png").lesion is None, number
    with pytest.raises(LabError, match=r"mask.png: not a mask of two values; restore"):
        read_mask(tmp_path / "mask.png")


def test_labels_with_a_border_of_255_are_refused(tmp_path):
    """As Pascal VOC stores them: 1 is the lesion, 255 what is not judged."""
    for number in range(COUNT):
        mask = draw(number)[1]
        labels = np.where(edge(mask), 255, mask).astype(np.uint8)
        Image.fromarray(labels).save(tmp_path / "mask.png")
        assert open_mask(tmp_path / "mask.png").lesion is None, number


def test_labels_of_more_than_two_kinds_are_refused(tmp_path):
    labels = np.indices((36, 48))[1] // 16
    Image.fromarray(labels.astype(np.uint8)).save(tmp_path / "mask.png")
    assert open_mask(tmp_path / "mask.png").lesion is None


@pytest.mark.parametrize(
    ("value", "kind"), [(1, "PNG"), (250, "PNG"), (255, "PNG"), (255, "JPEG")]
)
def test_a_full_mask_is_full_and_an_empty_one_empty(value, kind, tmp_path):
    path = tmp_path / "mask.png"
    shape = (36, 48)
    path.write_bytes(encode(Image.fromarray(np.full(shape, value, np.uint8)), kind))
    assert read_mask(path).all()
    path.write_bytes(encode(Image.fromarray(np.zeros(shape, np.uint8)), kind))
    assert not read_mask(path).any()


def test_an_empty_mask_is_refused_and_a_full_one_is_named(root):
    first, second = (mask_path(root, f"ISIC_000000{number}") for number in (0, 1))
    grey(np.zeros((36, 48), bool)).save(first)
    grey(np.ones((36, 48), bool)).save(second)
    images, quarantine = build(root)
    assert quarantine["reason"].tolist() == ["mask empty"]
    assert images["mask_fraction"].tolist()[0] == 1
    assert "1 mask(s) cover the whole photograph: ISIC_0000001." in findings(root)


def test_masks_that_were_cut_are_counted(root):
    change_masks(root, lambda path, mask: path.write_bytes(SOFT["half the size"](mask)))
    said = findings(root)
    assert "6 mask(s) are not of two values and were cut at half: " in said
    assert "of their pixels lie between in the median" in said


def test_masks_of_the_skin_are_refused_in_one_line(root):
    change_masks(root, lambda path, mask: grey(~mask).save(path))
    with pytest.raises(LabError, match="6 of 6 masks mark all four corners") as why:
        build(root)
    assert "invert the masks" in str(why.value)
    assert FIRST in str(why.value)


# ---- lesion and skin ----
def invert(root, count):
    for number in range(count):
        path = mask_path(root, f"ISIC_{number:07d}")
        grey(np.asarray(Image.open(path)) == 0).save(path)


@pytest.mark.parametrize("count", [1, 3])
def test_each_mask_of_the_skin_is_refused_by_name(root, count):
    invert(root, count)
    images, quarantine = build(root)
    assert quarantine["reason"].tolist() == ["lesion and skin exchanged"] * count
    assert quarantine["image_id"].iloc[0] == FIRST
    assert len(images) == 6 - count


def test_a_lesion_that_is_cut_by_the_frame_is_kept_and_its_inverse_is_not():
    mask = np.zeros((100, 100), bool)
    mask[20:60, :40] = True  # touches an edge
    assert is_exchanged(~mask)
    assert not is_exchanged(mask)
    mask[:60, :] = True  # fills two corners
    assert not is_exchanged(mask)
    nearly = np.ones((100, 100), bool)
    nearly[40:50, 90:] = False  # all corners, as ISIC_0028231, and not the whole edge
    assert not is_exchanged(nearly)
    nearly[:, 99] = True
    assert is_exchanged(nearly)  # a small lesion, inverted


@pytest.mark.parametrize("thickness", [1, 3])
def test_an_outline_is_no_lesion(root, thickness):
    mask = np.zeros((36, 48), np.uint8)
    cv2.ellipse(mask, (24, 18), (20, 14), 0, 0, 360, 255, thickness)
    for number, shape in enumerate(
        (mask, np.roll(mask, 24, axis=1))
    ):  # and an open one
        Image.fromarray(shape).save(mask_path(root, f"ISIC_000000{number}"))
    assert build(root)[1]["reason"].tolist() == ["mask an outline"] * 2
