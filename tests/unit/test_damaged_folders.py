"""Files and folders that are lost, moved, packed or doubled: no lesion is forgotten."""

import gzip
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unit.folder import METADATA, SOUND, TRUTH
from unit.outcome import (
    EXAMPLES,
    KEPT,
    check_outcome,
    check_survivors,
    make_sound,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return make_sound(tmp_path_factory.mktemp("folders"))


@pytest.fixture(scope="module")
def expected(sound):
    return check_outcome(sound)


def empty(path):
    path.write_bytes(b"")


def rename(path):
    path.rename(path.with_name(f"{path.name}.bak"))


def pack(path):
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def pack_beside(path):
    with ZipFile(path.with_suffix(".zip"), "w") as archive:
        archive.write(path, path.name)
    path.unlink()


def dangle(path):
    path.unlink()
    path.symlink_to("/nowhere")


def loop(path):
    path.unlink()
    path.symlink_to(path.name)


def make_folder_of_it(path):
    path.unlink()
    path.mkdir()


def double(path):
    shutil.copy(path, path.with_name(f"{path.stem} (1){path.suffix}"))


def move_down(path):
    path.parent.joinpath("more").mkdir(exist_ok=True)
    path.rename(path.parent / "more" / path.name)


def point(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\nsize 3\n")


def capitals(path):
    path.rename(path.with_name(path.name.upper()))


# the names still say what the files are: nothing may be lost without a word
KINDS = (empty, rename, pack, pack_beside, dangle, loop, double, move_down, point)
KINDS += (make_folder_of_it, capitals)
FILES = [TRUTH, METADATA]
FILES += [f"images/ISIC_{number:07d}.jpg" for number in range(SOUND)]
FILES += [f"masks/ISIC_{number:07d}_segmentation.png" for number in range(SOUND)]
PLACES = (None, "archive", "a/b", "a/b/c/d", "unmasked pictures", "my masks")


@settings(
    max_examples=2 * EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(
    accidents=st.lists(
        st.tuples(st.sampled_from(FILES), st.sampled_from(KINDS)),
        min_size=0,
        max_size=3,
        unique_by=lambda accident: accident[0],
    ),
    place=st.sampled_from(PLACES),
    folder=st.sampled_from(["images", "masks"]),
)
@example([(METADATA, empty)], None, "images")
@example([(TRUTH, dangle)], None, "images")
@example([(METADATA, make_folder_of_it)], None, "images")
def test_no_lesion_or_diagnosis_is_forgotten(sound, expected, accidents, place, folder):
    with TemporaryDirectory() as place_of_all:
        root = Path(place_of_all, "data")
        shutil.copytree(sound, root)
        for name, change in accidents:
            change(root / name)
        if place:
            (root / place).mkdir(parents=True)
            (root / folder).rename(root / place / folder)
        images = check_outcome(root)
        if images is not None:
            check_survivors(images, expected, KEPT)
            lost = SOUND - len(images)
            assert lost <= len(accidents)
