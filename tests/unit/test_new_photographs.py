"""Photographs that a user brings: each is read as a person sees it, or refused."""

import contextlib
import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.unit.made_bundle import draw_photograph

from lesionlab.application.photographs import (
    LARGEST,
    decode_photograph,
    list_photographs,
    measure_size,
    read_file,
)
from lesionlab.decoding.masks import turn
from lesionlab.decoding.photographs import read_photograph
from lesionlab.errors import LabError

PIXELS = draw_photograph(1)
PICTURE = Image.fromarray(PIXELS)
DEEP = PIXELS.astype(np.uint16) * 257
GREY = np.repeat(np.asarray(PICTURE.convert("L"))[..., None], 3, axis=2)


def encode(picture, kind, **options):
    """The bytes of a file."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def encode_deep(suffix, values):
    """16 bits a value; RGB or grey."""
    return cv2.imencode(suffix, values[..., ::-1] if values.ndim == 3 else values)[
        1
    ].tobytes()


def with_colourless_grey(png):
    """Name in a grey PNG of 16 bits one grey that is transparent."""
    chunk = b"tRNS" + (12345).to_bytes(2, "big")
    checked = (2).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    at = png.index(b"IDAT") - 4
    return png[:at] + checked + png[at:]


def refusal(content):
    with pytest.raises(LabError) as why:
        decode_photograph(content)
    assert "\n" not in str(why.value)
    return str(why.value)


def with_hole(picture):
    """A picture of which one corner is transparent."""
    whole = np.dstack([np.asarray(picture), np.full(PIXELS.shape[:2], 255, np.uint8)])
    whole[:9, :9, 3] = 0
    return Image.fromarray(whole)


LOSSLESS = {
    "PNG": encode(PICTURE, "PNG"),
    "PNG, 16 bits": encode_deep(".png", DEEP),
    "PNG, opaque": encode(PICTURE.convert("RGBA"), "PNG"),
    "WebP": encode(PICTURE, "WEBP", lossless=True),
    "TIFF": encode(PICTURE, "TIFF"),
    "TIFF, LZW": encode(PICTURE, "TIFF", compression="tiff_lzw"),
    "TIFF, CMYK": encode(PICTURE.convert("CMYK"), "TIFF"),
    "TIFF, 16 bits": encode_deep(".tiff", DEEP),
    "TIFF, pages": encode(
        PICTURE, "TIFF", save_all=True, append_images=[PICTURE.rotate(180)]
    ),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_lossless_file_gives_its_pixels(kind):
    assert np.array_equal(decode_photograph(LOSSLESS[kind]), PIXELS)


@pytest.mark.parametrize(
    "content",
    [
        encode(PICTURE.convert("L"), "PNG"),
        encode(PICTURE.convert("LA"), "PNG"),
        encode(PICTURE.convert("L"), "TIFF"),
        encode_deep(".png", GREY[..., 0].astype(np.uint16) * 257),
        encode_deep(".tiff", GREY[..., 0].astype(np.uint16) * 257),
        with_colourless_grey(encode_deep(".png", GREY[..., 0].astype(np.uint16) * 257)),
    ],
)
def test_grey_stays_grey(content):
    assert np.array_equal(decode_photograph(content), GREY)


def test_a_palette_is_seen_through_its_colours():
    few = PICTURE.quantize(16)
    expected = np.asarray(few.convert("RGB"))
    for kind in ("PNG", "TIFF"):
        assert np.array_equal(decode_photograph(encode(few, kind)), expected)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_what_is_transparent_lies_on_white(kind):
    options = {"lossless": True} if kind == "WEBP" else {}
    pixels = decode_photograph(encode(with_hole(PICTURE), kind, **options))
    assert (pixels[:9, :9] == 255).all()
    assert np.array_equal(pixels[9:, 9:], PIXELS[9:, 9:])


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_gives_the_pixels_of_training(tmp_path, mode):
    content = encode(PICTURE.convert(mode), "JPEG", quality=92)
    (tmp_path / "x.jpg").write_bytes(content)
    trained = read_photograph(tmp_path / "x.jpg", size=PICTURE.size)
    assert np.array_equal(decode_photograph(content), trained)
    assert np.abs(trained.astype(int) - (GREY if mode == "L" else PIXELS)).mean() < 9


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "deep"])
def test_an_orientation_is_obeyed_once(kind, tag):
    exif = Image.Exif()
    exif[0x0112] = tag
    picture, expected = PICTURE, PIXELS
    if kind == "deep":
        kind, picture = "TIFF", Image.fromarray(DEEP[..., 0])
        expected = np.repeat(PIXELS[..., :1], 3, axis=2)
    options = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
    content = encode(picture, kind, exif=exif, **options.get(kind, {}))
    pixels = decode_photograph(content)
    wanted = turn(expected, tag)
    assert pixels.shape == wanted.shape
    assert np.abs(pixels.astype(int) - wanted).mean() < 4


def test_a_photograph_of_24_megapixels_is_read():
    content = cv2.imencode(".jpg", np.full((4000, 6000, 3), 90, np.uint8))[1].tobytes()
    assert measure_size(content) == (6000, 4000)
    assert decode_photograph(content).shape == (4000, 6000, 3)


def bomb(width, height):
    """A PNG whose header alone claims so many pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = [head, body, b"IEND"]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


@pytest.mark.parametrize("side", [9_450, 12_000, 60_000])
@pytest.mark.parametrize("seen", ["error", "ignore"])
def test_a_bomb_is_refused_by_its_header(monkeypatch, side, seen):
    monkeypatch.setattr(Image.Image, "load", None)  # nothing is decoded
    with warnings.catch_warnings():
        warnings.simplefilter(seen, Image.DecompressionBombWarning)
        assert f"more than {LARGEST:,} pixels" in refusal(bomb(side, side))


JPEG = encode(Image.fromarray(draw_photograph(2, height=200, width=300)), "JPEG")
REFUSED = {
    "empty file": b"",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "truncated": JPEG[: len(JPEG) // 2],
    "neither JPEG, PNG, WebP nor TIFF": b"PK\3\4 and so on",
    "HEIC: neither JPEG, PNG, WebP nor TIFF": b"\0\0\0\x18ftypheic" + bytes(200),
    "DICOM: neither JPEG, PNG, WebP nor TIFF": bytes(128) + b"DICM" + bytes(99),
    "GIF: neither JPEG, PNG, WebP nor TIFF": encode(PICTURE, "GIF"),
    "31 x 40: less than 32 pixels a side": encode(PICTURE.resize((31, 40)), "PNG"),
    "65536 x 32: more than 65,535 pixels a side": encode(
        PICTURE.resize((65_536, 32)), "TIFF"
    ),
    "16 bits too dark": encode_deep(".png", DEEP >> 4),
    "unreadable (32 bits a value)": encode(
        Image.fromarray(PIXELS[..., 0].astype(np.float32)), "TIFF"
    ),
    "unreadable (its head is damaged)": b"\xff\xd8\xff" + bytes(range(256)) * 9,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_photograph_is_refused_in_words(reason):
    assert refusal(REFUSED[reason]) == reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, about a cut TIFF
def test_no_half_of_a_file_passes_or_ends_in_a_traceback(kind):
    content = encode(Image.fromarray(draw_photograph(3)), kind)
    for length in np.linspace(1, len(content) - 3, 25).astype(int):
        assert refusal(content[:length])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damage_anywhere_never_ends_in_a_traceback(kind):
    content = bytearray(encode(PICTURE, kind))
    draw = np.random.default_rng(1)
    for _ in range(60):
        hurt = bytearray(content)
        for place in draw.integers(0, min(len(content), 400), 4):
            hurt[place] = draw.integers(256)
        with contextlib.suppress(LabError):
            assert decode_photograph(bytes(hurt)).ndim == 3


def test_every_file_is_listed_in_the_order_of_names(tmp_path):
    for name in ("b.jpg", "a/z.JPG", "a/notes.txt", ".hidden.jpg", ".git/x.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "c.jpg").mkdir()
    (tmp_path / "c.jpg" / "d e,f\n.png").write_bytes(b"x")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "nowhere.jpg").symlink_to("not-there.jpg")
    (tmp_path / "a" / "up").symlink_to("..")
    assert list_photographs(tmp_path) == [
        "a/notes.txt",
        "a/z.JPG",
        "b.jpg",
        "c.jpg/d e,f\n.png",
        "loop.jpg",
        "nowhere.jpg",
    ]


def test_a_folder_that_cannot_be_opened_is_listed(tmp_path, monkeypatch):
    (tmp_path / "shut").mkdir()
    (tmp_path / "x.jpg").write_bytes(b"x")
    opened = type(tmp_path).iterdir

    def refuse(path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return opened(path)

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    assert list_photographs(tmp_path) == ["shut/", "x.jpg"]


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (Path, "no such folder; name one with photographs"),
        (lambda path: path.mkdir(), "holds no file; name a folder with photographs"),
        (
            lambda path: path.write_bytes(b"x"),
            "a file; name the folder that holds the photographs",
        ),
    ],
)
def test_a_folder_without_photographs_is_named(tmp_path, make, line):
    folder = tmp_path / "new"
    make(folder)
    with pytest.raises(LabError) as why:
        list_photographs(folder)
    assert str(why.value) == f"{folder}: {line}"


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(JPEG)
    os.truncate(tmp_path / "long", 1 << 31)
    reasons = {
        "loop": "cannot be read: Too many levels of symbolic links",
        "gone": "cannot be read: No such file or directory",
        "pipe": "no file",
        "long": "larger than 1 GiB",
    }
    for name, reason in reasons.items():
        with pytest.raises(LabError) as why:
            read_file(tmp_path / name)
        assert str(why.value) == reason


@pytest.mark.real
def test_real_photographs_give_the_pixels_of_training(ham10000):
    for path in sorted((ham10000 / "images").iterdir())[::500]:
        trained = read_photograph(path, size=(600, 450))
        assert np.array_equal(decode_photograph(path.read_bytes()), trained)
