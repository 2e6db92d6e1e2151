"""A folder of photographs for predictions, and what came of it."""

import csv

import cv2
from tests.unit.made_bundle import draw_photograph

from lesionlab.application.command import main
from lesionlab.application.folder import GROUP

FILES = 3 * GROUP + 2


def write_photographs(root):
    """Photographs of two sizes, in folders, and two files that are none."""
    for number in range(FILES):
        path = root / ("a" if number % 3 else "b") / f"{number:03d}.jpg"
        path.parent.mkdir(exist_ok=True)
        height = 72 if number % 2 else 90
        pixels = draw_photograph(number, height=height)
        cv2.imwrite(str(path), pixels[..., ::-1])
    (root / "a" / "notes.txt").write_text("not a photograph")
    (root / "empty.jpg").touch()
    return root


def contents(target):
    """Every file of a finished prediction, by name."""
    assert not target.with_name(f".{target.stem}.unfinished").exists()
    return {
        path.relative_to(target.parent).as_posix(): path.read_bytes()
        for path in sorted(target.parent.rglob("*"))
        if path.is_file()
    }


def read(target):
    with target.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def predict(photographs, bundle, target, *more):
    """The command, in this process."""
    given = ["predict", str(photographs), "--model", str(bundle.folder)]
    return main([*given, "--out", str(target), "--threads", "2", *more])
