"""A Python or a folder of temporary files that cannot work is refused in one line."""

import os
import re
import subprocess
import sys

import pulp
import pytest

from lesionlab.errors import LabError
from lesionlab.host.surroundings import (
    check_checkout,
    check_encodable,
    check_python,
    check_room,
    check_submittable,
    check_working_directory,
    solver_folder,
)
from unit.room import little_room


@pytest.mark.parametrize("path", ["/opt/a b/python", "/opt/a'b/python", "/$x/python"])
def test_a_python_that_a_shell_would_not_find_is_refused(path):
    odd = next(letter for letter in path if letter in " '$")
    with pytest.raises(LabError, match=f"path holds {re.escape(repr(odd))}; set up"):
        check_python(path)


def test_letters_beyond_ascii_are_letters():
    check_python("/home/jörg/größe/.venv/bin/python3.11")
    check_python(sys.executable)


@pytest.mark.parametrize("letter", ["$", "`", '"', "\\"])
def test_a_folder_that_slurm_would_not_find_is_refused(tmp_path, letter):
    with pytest.raises(LabError, match=re.escape(f"path holds {letter} cannot be")):
        check_submittable(tmp_path, tmp_path / f"le {letter}labo")
    check_submittable(tmp_path / "größe (2) d'été")


def test_a_python_without_what_planning_needs_is_refused():
    with pytest.raises(LabError, match="this Python lacks no_such_package; run"):
        check_python(packages=["json", "no_such_package"])


@pytest.mark.parametrize("name", ["le {x}", "{", "a}"])
def test_a_checkout_that_snakemake_would_misread_is_refused(tmp_path, name):
    with pytest.raises(LabError, match=r"takes [{}] in the path of a workflow for the"):
        check_checkout(tmp_path / name)
    check_checkout(tmp_path / "größe (2) $d'été")


ASK = """
from lesionlab.host.surroundings import LabError, check_encodable
check_encodable("/data/ham")
try:
    check_encodable("/data/gr\\xf6sse")
except LabError as why:
    print(ascii(str(why)))
"""


def test_a_letter_that_the_locale_has_not_is_named(repository):
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment["PYTHONPATH"] = str(repository / "workflow" / "scripts")
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == ascii(
        "/data/grösse: 'ö' is in no name of a file here, where Python reads names as "
        "ascii; set PYTHONUTF8=1, or LC_ALL=C.UTF-8"
    )
    check_encodable("/data/grösse")


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_is_none_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match=rf"^TMPDIR: {tmp_path / name}: .*; make room"):
        check_room({"TMPDIR": str(tmp_path / name)})


def test_a_folder_without_room_is_refused(tmp_path):
    mend = "make room for temporary files there, or name another folder"
    for names, line in (
        (("TMPDIR",), f"TMPDIR: {tmp_path}: File too large; {mend}: TMPDIR=/path/to/"),
        (("TMP",), f"TMP: {tmp_path}: File too large; {mend}: TMP=/path/to/folder"),
        # what the solver takes, whatever Python falls back to
        ((), f"/tmp: File too large; {mend}: TMPDIR=/path/to/folder"),
    ):
        with little_room(), pytest.raises(LabError) as why:
            check_room(dict.fromkeys(names, str(tmp_path)))
        assert str(why.value).startswith(line)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_room_passes_and_is_left_empty(tmp_path):
    check_room({"TMPDIR": str(tmp_path)})
    check_room({"TMP": str(tmp_path)})
    check_room({"TMP": str(tmp_path / "missing"), "TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_no_folder_at_all_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", list)
    with pytest.raises(LabError, match=r"^no folder of temporary files has room; make"):
        check_room({"TMPDIR": str(tmp_path)})


@pytest.mark.parametrize("names", [(), ("TMP",), ("TMPDIR",), ("TMP", "TMPDIR")])
@pytest.mark.parametrize("inner", ["", "missing", "file"])
def test_the_folder_of_the_solver_is_the_one_that_it_takes(
    tmp_path, monkeypatch, names, inner
):
    (tmp_path / "file").touch()
    for name in ("TMP", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, str(tmp_path / inner))
    assert solver_folder(os.environ) == pulp.apis.LpSolver_CMD("solver").tmpDir


def test_a_working_directory_without_room_is_refused(tmp_path):
    line = f"^{tmp_path}: File too large; make room and run again, or start elsewhere:"
    with little_room():
        with pytest.raises(LabError, match=line):
            check_working_directory(tmp_path)
        check_working_directory(tmp_path, room=False)
        check_working_directory(tmp_path / "new", room=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", ".snakemake", ".snakemake/locks"])
def test_a_read_only_working_directory_is_refused(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir(parents=True, exist_ok=True)
    check_working_directory(tmp_path)
    access = os.access
    # root may write where it is forbidden
    monkeypatch.setattr(
        "os.access", lambda path, how: path != tmp_path / name and access(path, how)
    )
    with pytest.raises(LabError) as why:
        check_working_directory(tmp_path, room=False)
    assert str(why.value) == (
        f"{tmp_path / name}: read-only, and Snakemake keeps its notes there; make it "
        "writable for you, or start elsewhere: --directory /path/to/folder"
    )


def test_a_file_in_the_place_of_snakemakes_notes_is_named(tmp_path):
    (tmp_path / ".snakemake").touch()
    with pytest.raises(
        LabError, match=r"\.snakemake: a file where Snakemake keeps its"
    ):
        check_working_directory(tmp_path)
