"""A Python or a folder of temporary files that cannot work is refused in one line."""

import re
import resource
import sys

import pytest

from lesionlab.errors import LabError
from lesionlab.host.surroundings import check_python, check_room, check_submittable


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


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_folder_that_is_none_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match=rf"^TMPDIR: {tmp_path / name}: .*; make room"):
        check_room(str(tmp_path / name))


def test_a_folder_without_room_is_refused(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(LabError, match="File too large; make room for temporary"):
            check_room(str(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    check_room(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
