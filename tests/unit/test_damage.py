"""Whatever is damaged: a sound table, a quarantine with a reason, or one line."""

import io
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lesionlab.decoding.masks import UNREADABLE, open_mask
from lesionlab.decoding.photographs import decode, read_header
from lesionlab.decoding.wholeness import is_truncated
from unit.folder import METADATA, SOUND, TRUTH
from unit.outcome import EXAMPLES, check_outcome, check_survivors, make_sound

# Pillow warns of odd tags, which are no reason to refuse a picture
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp437")
CELLS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "1.0", "yes", "NaN", "-1", "ISIC_0000001", "isic_1"]
    ),
    st.sampled_from(["HAM_1", "ham_1", "unknown", "mel", "MEL ", "ak", "scc", "1e9"]),
    st.text(max_size=12),
)
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "YCbCr")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return make_sound(tmp_path_factory.mktemp("damage"))


@pytest.fixture(scope="module")
def expected(sound):
    return check_outcome(sound)


# ---- ways to damage a file ----
def cut_bytes(content, start, end, _cell):
    return content[: start % (len(content) + 1)] + content[end % (len(content) + 1) :]


def change_byte(content, start, end, _cell):
    place = start % max(1, len(content))
    return content[:place] + bytes([end % 256]) + content[place + 1 :]


def insert_cell(content, start, _end, cell):
    place = start % (len(content) + 1)
    return content[:place] + cell.encode("utf-8", "ignore") + content[place:]


def as_cells(change):
    def damage(content, start, end, cell):
        rows = [line.split(b",") for line in content.split(b"\n")]
        change(rows, start, end, cell.encode("utf-8", "ignore"))
        return b"\n".join(b",".join(row) for row in rows)

    return damage


def change_cell(rows, start, end, cell):
    row = rows[start % len(rows)]
    row[end % len(row)] = cell


def change_column(rows, start, end, cell):
    for row in rows[end % 2 :]:
        row[start % len(row)] = cell


def drop_column(rows, start, _end, _cell):
    for row in rows:
        del row[start % len(row)]


def repeat_row(rows, start, end, _cell):
    rows.insert(end % len(rows), list(rows[start % len(rows)]))


def drop_row(rows, start, _end, _cell):
    del rows[start % len(rows)]


def swap_cells(rows, start, end, _cell):
    first, second = rows[start % len(rows)], rows[end % len(rows)]
    a, b = start % len(first), end % len(second)
    first[a], second[b] = second[b], first[a]


def save_otherwise(content, start, _end, _cell):
    text = content.decode("utf-8", "replace")
    return text.encode(ENCODINGS[start % len(ENCODINGS)], "replace")


def separate_otherwise(content, start, _end, _cell):
    return content.replace(b",", (b";", b"\t", b"|", b", ", b" ")[start % 5])


BYTES = (cut_bytes, change_byte, insert_cell)
TABLES = (
    *BYTES,
    *map(
        as_cells,
        (change_cell, change_column, drop_column, repeat_row, drop_row, swap_cells),
    ),
    save_otherwise,
    separate_otherwise,
)
NUMBERS = st.integers(0, 10_000)
ACCIDENTS = st.lists(
    st.tuples(
        st.sampled_from([TRUTH, METADATA]),
        st.sampled_from(TABLES),
        NUMBERS,
        NUMBERS,
        CELLS,
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(accidents=ACCIDENTS)
def test_damaged_tables_never_end_in_a_traceback_or_a_silent_loss(
    sound, expected, accidents
):
    with TemporaryDirectory() as folder:
        root = Path(folder, "data")
        root.mkdir()
        for name in ("images", "masks"):
            (root / name).symlink_to(sound / name)
        for name in (TRUTH, METADATA):
            shutil.copy(sound / name, root / name)
        for name, damage, start, end, cell in accidents:
            content = (root / name).read_bytes()
            (root / name).write_bytes(damage(content, start, end, cell))
        images = check_outcome(root)
        if images is None:
            return
        # pictures are found by their ids, however these are spelt
        own = images[images.index.isin(expected.index)]
        spoilt = {name for name, *_ in accidents}
        check_survivors(own, expected, ["mask_fraction"])
        if METADATA not in spoilt:
            check_survivors(own, expected, ["lesion_id", "age", "sex"])
        if TRUTH not in spoilt:
            check_survivors(own, expected, ["label", "dx"])


@st.composite
def pictures(draw):
    """A picture of any mode, size and content, oriented or not, whole or damaged."""
    mode = draw(st.sampled_from(MODES))
    width, height = draw(
        st.sampled_from([(48, 36), (36, 48), (48, 48), (1, 1), (7, 3)])
    )
    values = draw(st.lists(st.integers(0, 255), min_size=1, max_size=4))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    shape = (height, width, 4)
    pixels = random.choice(np.array(values, np.uint8), shape)
    if draw(st.booleans()):  # in one piece
        pixels[:] = values[0]
        pixels[height // 4 : height // 2, width // 4 : width // 2] = values[-1]
    picture = Image.fromarray(pixels).convert("RGB" if mode == "YCbCr" else "RGBA")
    if mode == "I;16":
        picture = Image.fromarray(pixels[..., 0].astype(np.uint16) * draw(NUMBERS))
    else:
        picture = picture.convert("RGB").convert(mode) if mode != "RGBA" else picture
    exif = Image.Exif()
    exif[0x0112] = draw(st.sampled_from([0, 1, 1, 1, 3, 6, 8, 9, 200]))
    kinds = {"JPEG": ("L", "RGB", "CMYK", "YCbCr", "1"), "PNG": MODES}
    kind = draw(st.sampled_from(["PNG", "JPEG"]))
    if mode not in kinds[kind] or (kind == "PNG" and mode in ("CMYK", "YCbCr")):
        kind, picture = "PNG", picture.convert("L") if mode != "I;16" else picture
    stream = io.BytesIO()
    picture.save(stream, kind, exif=exif)
    content = stream.getvalue()
    for damage in draw(st.lists(st.sampled_from(BYTES), max_size=2)):
        content = damage(content, draw(NUMBERS), draw(NUMBERS), "x")
    return content


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(data=st.data())
def test_damaged_pictures_never_end_in_a_traceback_or_a_silent_loss(
    sound, expected, data
):
    with TemporaryDirectory() as folder:
        root = Path(folder, "data")
        shutil.copytree(sound, root)
        spoilt = set()
        for number in data.draw(
            st.lists(st.integers(0, SOUND - 1), min_size=1, max_size=4, unique=True)
        ):
            name = f"ISIC_{number:07d}"
            target = data.draw(
                st.sampled_from(
                    [f"images/{name}.jpg", f"masks/{name}_segmentation.png"]
                )
            )
            (root / target).write_bytes(data.draw(pictures()))
            spoilt.add(name)
        images = check_outcome(root)
        if images is not None:
            check_survivors(images, expected, ["lesion_id", "label", "age"])
            whole = images[~images.index.isin(spoilt)]
            assert len(whole) == SOUND - len(spoilt)
            check_survivors(whole, expected, ["mask_fraction", "sha256"])


@settings(
    max_examples=4 * EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(content=st.one_of(st.binary(max_size=400), pictures()))
def test_any_bytes_are_a_picture_or_none(content, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.png"
    path.write_bytes(content)
    try:
        lesion = open_mask(path).lesion
    except UNREADABLE:
        lesion = None
    assert lesion is None or (lesion.dtype == bool and lesion.ndim == 2)
    pixels = decode(content)
    assert pixels is None or (pixels.dtype == np.uint8 and pixels.shape[2] == 3)
    assert 1 <= read_header(content).tag <= 8
    assert is_truncated(content) in (True, False)
