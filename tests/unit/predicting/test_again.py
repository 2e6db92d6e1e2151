"""The same command again: it goes on where it stood, and overwrites nothing."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from tests.unit.predicting.predicted import FILES, contents, predict, read
from tests.unit.room import little_room

from lesionlab.application import draft as drafts
from lesionlab.application import folder as predicting
from lesionlab.application.draft import Draft
from lesionlab.application.folder import GROUP, predict_folder
from lesionlab.application.photographs import read_file
from lesionlab.errors import LabError
from lesionlab.files import write_json

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


def kill_before_the_end(photographs, bundle, target, monkeypatch):
    """Judge everything, and die before anything is moved into place."""
    with monkeypatch.context() as patch:
        patch.setattr(Draft, "finish", die)
        with pytest.raises(Killed):
            predict_folder(photographs, bundle, target, threads=1)


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
    # of the last step, the table stood there already
    assert facts["before"] == (FILES + 2 if moment < 4 else None)
    assert contents(target) == contents(undisturbed)


@pytest.mark.parametrize("damage", ["torn", "no masks", "no rows", "not UTF-8"])
def test_a_draft_that_was_hurt_is_used_as_far_as_it_is_whole(
    undisturbed, photographs, bundle, tmp_path, monkeypatch, damage
):
    target = tmp_path / "p.csv"
    kill_before_the_end(photographs, bundle, target, monkeypatch)
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


def test_what_could_not_be_read_is_read_when_it_goes_on(
    undisturbed, photographs, bundle, tmp_path, monkeypatch
):
    target = tmp_path / "p.csv"

    def refuse(path):
        if path.stem == "004":
            raise LabError("cannot be read: Input/output error")
        return read_file(path)

    with monkeypatch.context() as patch:
        patch.setattr(predicting, "read_file", refuse)
        kill_before_the_end(photographs, bundle, target, monkeypatch)
    facts = predict_folder(photographs, bundle, target, threads=1)
    assert facts["before"] < FILES
    assert contents(target) == contents(undisturbed)


def test_masks_that_were_lost_while_they_were_moved_are_missed_by_none(
    bundle, tmp_path, monkeypatch
):
    root, target = tmp_path / "new", tmp_path / "p.csv"
    root.mkdir()
    for number in range(GROUP):
        (root / f"{number}.jpg").touch()
    with monkeypatch.context() as patch:
        patch.setattr(drafts, "write_json", fail_at_facts)
        with pytest.raises(Killed):
            predict_folder(root, bundle, target, threads=1)
    (tmp_path / "p_masks").rmdir()
    assert predict_folder(root, bundle, target, threads=1)["before"] == GROUP
    assert [row["reason"] for row in read(target)] == ["empty file"] * GROUP


def fail_at_facts(path, facts):
    if path.name == "p.json":
        raise Killed
    write_json(path, facts)


def test_only_a_table_that_stood_there_is_told_so(
    photographs, bundle, tmp_path, monkeypatch, capsys
):
    target = tmp_path / "p.csv"
    kill_before_the_end(photographs, bundle, target, monkeypatch)
    assert predict(photographs, bundle, target) == 0
    assert f"{FILES + 2} files, {FILES + 2} of them before" in capsys.readouterr().out


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
    kill_before_the_end(photographs, bundle, target, monkeypatch)
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
    kill_before_the_end(photographs, bundle, target, monkeypatch)
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
