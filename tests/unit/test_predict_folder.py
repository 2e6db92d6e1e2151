"""A folder of photographs: a row for every file, however often it is killed."""

import csv
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from filelock import FileLock
from tests.unit.made_bundle import CLASSES, draw_photograph, make_bundle
from tests.unit.room import little_room

from lesionlab.application import draft as drafts
from lesionlab.application import folder as predicting
from lesionlab.application.command import main
from lesionlab.application.draft import Draft
from lesionlab.application.engine import judge, load_networks
from lesionlab.application.folder import GROUP, name_masks, predict_folder
from lesionlab.application.photographs import decode_photograph
from lesionlab.bundle.manifest import load_bundle

FILES = 3 * GROUP + 2
INTEGERS = ("width", "height", "lesion_pixels")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return load_bundle(make_bundle(tmp_path_factory.mktemp("made") / "model"))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Photographs of two sizes, in folders, and two files that are none."""
    root = tmp_path_factory.mktemp("photographs")
    for number in range(FILES):
        path = root / ("a" if number % 3 else "b") / f"{number:03d}.jpg"
        path.parent.mkdir(exist_ok=True)
        height = 72 if number % 2 else 90
        pixels = draw_photograph(number, height=height)
        cv2.imwrite(str(path), pixels[..., ::-1])
    (root / "a" / "notes.txt").write_text("not a photograph")
    (root / "empty.jpg").touch()
    return root


@pytest.fixture(scope="module")
def undisturbed(bundle, photographs, tmp_path_factory):
    """Where the same was predicted in one go."""
    target = tmp_path_factory.mktemp("undisturbed") / "p.csv"
    predict_folder(photographs, bundle, target, threads=1)
    return target


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


def test_a_row_for_every_file_in_the_order_of_names(undisturbed, photographs):
    rows = read(undisturbed)
    names = [p.relative_to(photographs).as_posix() for p in photographs.rglob("*.*")]
    assert [row["file"] for row in rows] == sorted(names)
    refused = {row["file"]: row for row in rows if row["reason"]}
    assert {name: row["reason"] for name, row in refused.items()} == {
        "a/notes.txt": "neither JPEG, PNG, WebP nor TIFF",
        "empty.jpg": "empty file",
    }
    assert {value for row in refused.values() for value in list(row.values())[2:]} == {
        ""
    }


def test_a_row_says_what_the_networks_say(undisturbed, photographs, bundle):
    networks = load_networks(bundle, threads=1)
    for row in read(undisturbed):
        if row["reason"]:
            continue
        pixels = decode_photograph((photographs / row["file"]).read_bytes())
        opinion = judge(networks, [pixels])[0]
        for arm in ("original", "segmented"):
            told = [float(row[f"{arm}_prob_{name}"]) for name in CLASSES]
            np.testing.assert_allclose(told, opinion.probabilities[arm], atol=2e-6)
            for point in bundle.facts["arms"][arm]["operating_points"]:
                sent = opinion.probabilities[arm][0] >= point["threshold"]
                assert row[f"{arm}_sent_at_{point['wanted']}"] == str(bool(sent))
        assert all(row[name].isdecimal() for name in INTEGERS)
        assert (int(row["height"]), int(row["width"])) == pixels.shape[:2]
        mask = cv2.imread(str(undisturbed.parent / row["mask"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(mask, np.where(opinion.mask, 255, 0))
        assert int(row["lesion_pixels"]) == (mask > 0).sum()
        assert float(row["lesion_share"]) == pytest.approx((mask > 0).mean(), abs=1e-6)
        assert row["nearest"].split() == [
            networks.cases["image_id"][number] for number in opinion.neighbours
        ]


def test_the_file_beside_it_says_what_it_was_made_from(undisturbed, bundle):
    facts = json.loads(undisturbed.with_suffix(".json").read_text())
    assert facts["model"] == bundle.identity
    assert facts["answer"] == "original"
    assert facts["files"] == {"judged": FILES, "refused": 2, "warned": 0}
    assert list(facts["columns"]) == list(read(undisturbed)[0])
    assert all(facts["columns"].values())


def test_the_number_of_threads_changes_no_byte(
    undisturbed, photographs, bundle, tmp_path
):
    predict_folder(photographs, bundle, tmp_path / "p.csv", threads=3)
    assert contents(tmp_path / "p.csv") == contents(undisturbed)


def predict(photographs, bundle, target, *more):
    """The command, in this process."""
    given = ["predict", str(photographs), "--model", str(bundle.folder)]
    return main([*given, "--out", str(target), "--threads", "2", *more])


KILLED = """
import os, signal, sys
from lesionlab.application import draft
from lesionlab.application.command import main
add = draft.Draft.add
def die(self, rows):
    add(self, rows)
    if self.done >= int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
draft.Draft.add = die
status = main(sys.argv[2:])
loaded = {"torch", "tensorflow", "keras", "snakemake"} & set(sys.modules)
sys.exit(f"loaded: {loaded}" if loaded else status)
"""


def test_a_killed_command_goes_on_and_ends_in_the_same_bytes(
    undisturbed, photographs, bundle, tmp_path
):
    target = tmp_path / "p.csv"
    given = ["predict", str(photographs), "--model", str(bundle.folder)]
    given += ["--out", str(target), "--threads", "2"]
    ends = []
    library = str(Path(predicting.__file__).parents[2])
    for after in (GROUP, 3 * GROUP, 9 * GROUP):
        command = [sys.executable, "-c", KILLED, str(after), *given]
        environment = {**os.environ, "PYTHONPATH": library}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        ends.append(done.returncode)
    assert ends == [-9, -9, 0], done.stderr
    assert f"{FILES + 2} files, {3 * GROUP} of them before;" in done.stdout
    assert done.stderr == ""
    assert contents(target) == contents(undisturbed)


class Killed(BaseException):
    """Ends a prediction where a SIGKILL would."""


def die(*_):
    raise Killed


@pytest.mark.parametrize("moment", range(5))
def test_killed_while_it_moves_the_results_into_place(
    undisturbed, photographs, bundle, tmp_path, monkeypatch, moment
):
    steps, whole = itertools.count(), Draft.finish

    def mortal(step):
        def run(*given, **options):
            if next(steps) == moment:
                raise Killed
            return step(*given, **options)

        return run

    def finish(draft, facts):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", mortal(Path.replace))
            patch.setattr(drafts, "write_json", mortal(drafts.write_json))
            patch.setattr(shutil, "rmtree", mortal(shutil.rmtree))
            whole(draft, facts)

    target = tmp_path / "p.csv"
    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", finish)
        with pytest.raises(Killed):
            predict_folder(photographs, bundle, target, threads=1)
    facts = predict_folder(photographs, bundle, target, threads=1)
    assert facts["before"] == FILES + 2
    assert contents(target) == contents(undisturbed)


@pytest.mark.parametrize("damage", ["torn", "no masks", "no rows", "not UTF-8"])
def test_a_draft_that_was_hurt_is_used_as_far_as_it_is_whole(
    undisturbed, photographs, bundle, tmp_path, monkeypatch, damage
):
    target = tmp_path / "p.csv"
    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", die)
        with pytest.raises(Killed):
            predict_folder(photographs, bundle, target, threads=1)
    draft = tmp_path / ".p.unfinished"
    rows = draft / "rows.csv"
    kept = {"torn": 3 * GROUP, "no masks": 0, "no rows": 0, "not UTF-8": GROUP}
    if damage == "torn":
        os.truncate(rows, rows.stat().st_size - 1)
    elif damage == "no masks":
        shutil.rmtree(draft / "masks")
    elif damage == "no rows":
        rows.write_bytes(b"")
    else:
        lines = rows.read_bytes().splitlines(keepends=True)
        lines[GROUP + 3] = b"\xff" + lines[GROUP + 3]
        rows.write_bytes(b"".join(lines))
    facts = predict_folder(photographs, bundle, target, threads=1)
    assert facts["before"] == kept[damage]
    assert contents(target) == contents(undisturbed)


def test_ctrl_c_is_one_line_and_the_same_command_goes_on(
    undisturbed, photographs, bundle, tmp_path, monkeypatch, capsys
):
    target = tmp_path / "p.csv"
    add = Draft.add

    def interrupt(draft, rows):
        add(draft, rows)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Draft, "add", interrupt)
        assert predict(photographs, bundle, target) == 130
    line = "lesionlab: stopped; the same command goes on where it stood\n"
    assert capsys.readouterr().err == line
    assert not target.exists()
    assert predict(photographs, bundle, target) == 0
    assert f"{GROUP} of them before" in capsys.readouterr().out
    assert contents(target) == contents(undisturbed)


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(
    undisturbed, photographs, bundle, tmp_path, capsys
):
    target = tmp_path / "p.csv"
    with little_room(2000):
        status = predict(photographs, bundle, target)
    assert status == 1
    assert capsys.readouterr().err == (
        "lesionlab: a file could not be written (File too large); make room, and the "
        "same command goes on where it stood\n"
    )
    assert predict(photographs, bundle, target) == 0
    assert contents(target) == contents(undisturbed)


def test_a_finished_table_is_left_as_it_is(photographs, bundle, undisturbed, capsys):
    before = contents(undisturbed)
    assert predict(photographs, bundle, undisturbed) == 0
    assert "made from these 28 files by this model; nothing" in capsys.readouterr().out
    assert contents(undisturbed) == before


def test_a_draft_of_other_photographs_begins_anew(
    photographs, bundle, tmp_path, monkeypatch, capsys
):
    other = tmp_path / "other"
    shutil.copytree(photographs / "b", other)
    target = tmp_path / "out" / "p.csv"
    target.parent.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", die)
        with pytest.raises(Killed):
            predict_folder(photographs, bundle, target, threads=1)
    assert predict(other, bundle, target) == 0
    assert "begins anew, since what it is made from changed (photographs)" in (
        capsys.readouterr().err
    )
    assert len(read(target)) == 9
    assert len(list((target.parent / "p_masks").rglob("*.png"))) == 9


@pytest.mark.parametrize("standing", ["p.csv", "p.json", "p_masks"])
def test_nothing_that_stands_there_is_overwritten(
    photographs, bundle, tmp_path, standing, capsys
):
    path = tmp_path / standing
    if standing == "p_masks":
        path.mkdir()
        path = path / "mine.png"
    path.write_text("mine")
    assert predict(photographs, bundle, tmp_path / "p.csv") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"{tmp_path / standing}: stands there" in said
    assert "move it away" in said
    assert contents(tmp_path / "p.csv") == {
        path.relative_to(tmp_path).as_posix(): b"mine"
    }


def test_a_table_of_other_photographs_is_refused(
    photographs, bundle, undisturbed, tmp_path, capsys
):
    for path in undisturbed.parent.iterdir():
        copy = shutil.copytree if path.is_dir() else shutil.copyfile
        copy(path, tmp_path / path.name)
    before = contents(tmp_path / "p.csv")
    assert predict(photographs / "a", bundle, tmp_path / "p.csv") == 1
    assert "stands there, made of other photographs; " in capsys.readouterr().err
    assert contents(tmp_path / "p.csv") == before


@pytest.mark.parametrize("standing", ["p.csv", "p.json", "p_masks"])
def test_what_was_put_there_meanwhile_is_not_overwritten(
    undisturbed, photographs, bundle, tmp_path, monkeypatch, standing, capsys
):
    whole, path = Draft.finish, tmp_path / standing

    def finish(draft, facts):
        path.write_text("mine")
        whole(draft, facts)

    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", finish)
        assert predict(photographs, bundle, tmp_path / "p.csv") == 1
    assert f"{path}: stands there" in capsys.readouterr().err
    assert path.read_text() == "mine"
    path.unlink()
    facts = predict_folder(photographs, bundle, tmp_path / "p.csv", threads=1)
    assert facts["before"] == FILES + 2
    assert contents(tmp_path / "p.csv") == contents(undisturbed)


def test_neither_a_draft_nor_a_table_of_another_version_is_gone_on_with(
    photographs, bundle, tmp_path, monkeypatch, capsys
):
    target = tmp_path / "p.csv"
    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", die)
        with pytest.raises(Killed):
            predict_folder(photographs, bundle, target, threads=1)
    monkeypatch.setattr(predicting, "code_digest", lambda _: "another")
    assert predict(photographs, bundle, target) == 0
    assert "since what it is made from changed (code)" in capsys.readouterr().err
    monkeypatch.undo()
    assert predict(photographs, bundle, target) == 1
    assert "made by another version of LesionLab; " in capsys.readouterr().err


def test_two_processes_never_write_one_table(photographs, bundle, tmp_path, capsys):
    draft = tmp_path / ".p.unfinished"
    draft.mkdir()
    with FileLock(draft / "lock"):
        assert predict(photographs, bundle, tmp_path / "p.csv") == 1
    assert "p.csv: another process writes it; wait for it" in capsys.readouterr().err


def test_large_photographs_are_held_one_after_another(
    undisturbed, photographs, bundle, tmp_path, monkeypatch
):
    held = []

    def note(networks, pixels):
        held.append([one.shape[0] * one.shape[1] for one in pixels])
        return judge(networks, pixels)

    monkeypatch.setattr(predicting, "judge", note)
    monkeypatch.setattr(predicting, "ROOM", 2 * 72 * 96)
    predict_folder(photographs, bundle, tmp_path / "p.csv", threads=2)
    assert all(len(sizes) == 1 or sum(sizes) <= 2 * 72 * 96 for sizes in held)
    assert max(map(len, held)) == 2
    assert sum(map(len, held)) == FILES
    for one, other in zip(read(tmp_path / "p.csv"), read(undisturbed), strict=True):
        assert (one["file"], one["reason"]) == (other["file"], other["reason"])
        if not one["reason"]:
            near = pytest.approx(float(other["original_prob_MEL"]), abs=2e-6)
            assert float(one["original_prob_MEL"]) == near


def test_odd_names_have_their_row_and_their_mask(bundle, tmp_path):
    root = tmp_path / "odd"
    content = cv2.imencode(".png", draw_photograph(1)[..., ::-1])[1].tobytes()
    names = [
        "a,b \"c\".png", "two\nlines.png", "=1+1.png", "Läsion.png", "x" * 252 + ".p",
        "x.jpg", "x.jpg.png/y.png", "-o.png", os.fsdecode(b"latin\xe9.png"), "Icon\r",
    ]  # fmt: skip
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    facts = predict_folder(root, bundle, tmp_path / "p.csv", threads=1)
    assert facts["files"] == {"judged": 10, "refused": 0, "warned": 0}
    rows = read(tmp_path / "p.csv")
    shown = [n.encode("utf-8", "backslashreplace").decode() for n in sorted(names)]
    assert [row["file"] for row in rows] == [n.replace("\r", "\\x0d") for n in shown]
    masks = name_masks(sorted(names))
    assert len(set(masks)) == 10
    assert all((tmp_path / "p_masks" / mask).is_file() for mask in masks)


def test_what_is_damaged_in_its_middle_is_told_from_its_neighbours(
    bundle, tmp_path, capfd
):
    root = tmp_path / "new"
    root.mkdir()
    content = cv2.imencode(".jpg", draw_photograph(1, height=300, width=400))[1]
    whole, half = content.tobytes(), len(content) // 2
    hurt = whole[:half] + bytes(400) + whole[half + 400 :]
    for number in range(24):
        (root / f"{number:02d}.jpg").write_bytes(whole)
    (root / "05.jpg").write_bytes(whole[:half] + b"\xff\xd9")
    (root / "20.jpg").write_bytes(hurt)
    predict_folder(root, bundle, tmp_path / "p.csv", threads=3)
    reasons = {row["file"]: row["reason"] for row in read(tmp_path / "p.csv")}
    assert {name: reason for name, reason in reasons.items() if reason} == {
        "05.jpg": "truncated",
        "20.jpg": "damaged",
    }
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


def test_no_photograph_at_all_is_a_table_of_reasons(bundle, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "x.jpg").touch()
    predict_folder(tmp_path / "new", bundle, tmp_path / "p.csv", threads=4)
    assert [row["reason"] for row in read(tmp_path / "p.csv")] == ["empty file"]


WRONG = {
    "no such model": (
        {"--model": "gone"},
        "gone: no model (it holds no model.json); name the folder "
        "results/<run>/model of a finished run",
    ),
    "a file": ({"DIR": "file.txt"}, "file.txt: a file; name the folder that holds"),
    "no such folder": ({"DIR": "gone"}, "gone: no such folder; name one with"),
    "empty": ({"DIR": "empty"}, "empty: holds no file; name a folder with"),
    "out nowhere": ({"--out": "gone/p.csv"}, "gone: no such folder; make it, or name"),
    "out a folder": ({"--out": "empty.csv"}, "empty.csv: a folder; name a file"),
    "out no table": ({"--out": "p.json"}, "p.json: no name of a table; let it end"),
    "out inside": ({"--out": "new/p.csv"}, "new/p.csv: lies among the photographs;"),
}


@pytest.fixture
def place(tmp_path, photographs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(photographs / "b", tmp_path / "new")
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.csv").mkdir()
    return tmp_path


@pytest.mark.parametrize("turn", WRONG)
def test_a_wrong_turn_is_one_line(place, bundle, turn, capsys):
    changes, line = WRONG[turn]
    before = sorted(place.rglob("*"))
    given = {"DIR": "new", "--model": str(bundle.folder), "--out": "p.csv"} | changes
    folder = given.pop("DIR")
    options = [word for pair in given.items() for word in pair]
    assert main(["predict", folder, *options]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"lesionlab: {line}")
    assert (said.err.count("\n"), said.out) == (1, "")
    assert sorted(place.rglob("*")) == before


@pytest.mark.usefixtures("place")
def test_a_folder_that_may_not_be_written_is_one_line(bundle, monkeypatch, capsys):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may everything
    assert predict("new", bundle, "empty/p.csv") == 1
    assert capsys.readouterr().err == (
        "lesionlab: empty: not writable for you; name another place\n"
    )


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["predict"], "the following arguments are required: DIR, --model"),
        (["predict", "new", "--model", "m", "--threads", "0"], "'0' is no number from"),
        (["predict", "new", "--model", "m", "--threads", "two"], "'two' is no number"),
        (["forget"], "invalid choice: 'forget'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_command_that_is_not_understood_is_one_line(given, line, capsys):
    with pytest.raises(SystemExit) as end:
        main(given)
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert line in said
    assert said.count("\n") == 1


def test_help_says_what_a_user_needs(capsys):
    with pytest.raises(SystemExit) as end:
        main(["predict", "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for words in ("--model", "example: lesionlab predict", "exit status", "130"):
        assert words in said
