"""Pictures whose files are cut, damaged or pointers, and bytes that do no harm."""

import cv2
import numpy as np
import pytest
from PIL import Image

from lesionlab.decoding.wholeness import is_truncated
from unit.folder import (
    FIRST,
    build,
    change_masks,
    findings,
    line_of,
    make_lossless,
    mask_path,
)

PHOTOGRAPH = f"images/{FIRST}.jpg"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 3\n"


@pytest.fixture
def root(root):
    """A root whose first photograph is a PNG, whatever its name says."""
    make_lossless(root / PHOTOGRAPH)
    return root


def jpeg(root, **options):
    path = root / "images" / "ISIC_0000001.jpg"
    with Image.open(path) as picture:
        picture.save(path, "JPEG", **options)
    return path


@pytest.mark.parametrize(
    "trailer", [b"\0" * 2000, b"\xff\xd8 second", b"\xff\xd9" * 999]
)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
def test_bytes_after_the_end_of_a_photograph_do_no_harm(root, trailer, options):
    path = jpeg(root, **options)
    expected = build(root)[0].drop(columns="sha256")
    for photograph in (root / PHOTOGRAPH, path):  # PNG and JPEG
        photograph.write_bytes(photograph.read_bytes() + trailer)
    images, quarantine = build(root)
    assert quarantine.empty
    assert images.drop(columns="sha256").equals(expected)


def test_a_thumbnail_inside_is_not_the_end(root):
    thumbnail = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    exif = b"Exif\0\0" + thumbnail
    path = jpeg(root, exif=exif)
    content = path.read_bytes()
    assert content.count(b"\xff\xd9") > 1
    assert not is_truncated(content)
    for share in (0.2, 0.5, 0.9):
        assert is_truncated(content[: int(share * len(content))])


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("trailer", [b"", b"\0" * 2000])
def test_a_file_that_is_cut_is_refused_whatever_follows(root, number, trailer):
    path = root / "images" / f"ISIC_000000{number}.jpg"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3] + trailer)
    assert build(root)[1]["reason"].item() == "truncated"


def cut(content):
    return content[: len(content) * 2 // 3]


def dig(content):
    """Leave zeros in the last third, before its end."""
    return cut(content) + bytes(len(content) - len(cut(content)) - 2) + b"\xff\xd9"


HURT = {  # by what follows the part that is there
    "its end": (lambda c: cut(c) + b"\xff\xd9", ["truncated"]),
    "a whole one": (lambda c: cut(c) + c, ["truncated"]),
    "zeros and a whole one": (lambda c: cut(c) + bytes(99) + c, ["truncated"]),
    "zeros and its end": (dig, ["damaged"]),
}


@pytest.mark.parametrize("name", HURT)
def test_a_part_that_ends_as_a_whole_is_refused(root, name, capfd):
    hurt, reasons = HURT[name]
    path = jpeg(root, quality=95)
    path.write_bytes(hurt(path.read_bytes()))
    assert build(root)[1]["reason"].tolist() == reasons
    assert "Corrupt" not in capfd.readouterr().err  # it is said with its name alone


@pytest.mark.parametrize("seed", range(20))
def test_chance_is_not_the_end_of_a_photograph(root, seed):
    path = root / "images" / "ISIC_0000001.jpg"
    after = np.random.default_rng(seed).integers(0, 256, 2000, np.uint8).tobytes()
    path.write_bytes(cut(path.read_bytes()) + after)
    assert build(root)[1]["reason"].item() in ("truncated", "damaged")


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_a_mask_that_is_cut_is_refused(root, end):
    path = mask_path(root, FIRST)
    rough = np.random.default_rng(1).random((36, 48)) < 0.5
    Image.fromarray(rough).convert("L").save(path, "JPEG")
    path.write_bytes(cut(path.read_bytes()) + end)
    assert build(root)[1]["reason"].item() == "mask truncated"


def test_pointers_are_named_and_mended(root):
    (root / PHOTOGRAPH).write_text(POINTER)
    mask_path(root, "ISIC_0000001").write_text(POINTER)
    assert build(root)[1]["reason"].tolist() == [
        "a Git LFS pointer",
        "mask a Git LFS pointer",
    ]
    for path in (root / "images").iterdir():
        path.write_text(POINTER)
    assert line_of(root) == (
        f"{root}: no usable photograph (6 refused, most: a Git LFS pointer; such as "
        f"{PHOTOGRAPH}; run `git lfs pull`)"
    )


def test_sizes_that_differ_are_said_with_file_and_mend(root):
    change_masks(
        root, lambda path, mask: Image.fromarray(mask).resize((40, 30)).save(path)
    )
    assert line_of(root) == (
        f"{root}: no usable photograph (6 refused, most: mask size; such as "
        f"masks/{FIRST}_segmentation.png (mask 40x30, photograph 48x36 pixels); take "
        "masks and photographs of one size)"
    )


def test_nothing_is_said_of_sound_photographs(root, capfd):
    assert build(root)[1].empty
    assert findings(root) == ""
    assert capfd.readouterr().err == ""
