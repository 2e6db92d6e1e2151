"""Config files that are none, or that would lose a key, are named in one line."""

import json

import pytest

from lesionlab.configfiles import check_command_line, check_config_file
from lesionlab.errors import LabError

MEND = "write one `key: value` a line, as in config.yaml"
TWICE = "stands in line 1 already, which would be lost; join the two"
WRONG = {
    "empty": (b"", f"empty; {MEND}, or leave the file out"),
    "blank": (b"\n \n", f"empty; {MEND}, or leave the file out"),
    "comment": (
        b"# later\n",
        f"holds comments alone; {MEND}, or leave the file out",
    ),
    "list": (b"- run: a\n", f"line 1: a list, not keys with values; {MEND}"),
    "json list": (b"[1, 2]\n", f"line 1: a list, not keys with values; {MEND}"),
    "text": (b"\nrun mine\n", f"line 2: one value, not keys with values; {MEND}"),
    "number": (b"7\n", f"line 1: one value, not keys with values; {MEND}"),
    "tab": (
        b"split:\n\tseed: 3\n",
        "line 2: indented by a tab; YAML takes spaces alone",
    ),
    "open bracket": (
        b"seeds: [1, 2\nrun: a\n",
        "line 2: no YAML (while parsing a flow",
    ),
    "colon": (b"run: a: b\n", "line 1: no YAML (mapping values are not allowed here);"),
    "alias": (b"run: *a\n", "line 1: no YAML (found undefined alias 'a'); "),
    "latin 1": (b"run: a\ntitle: caf\xe9\n", "line 2: not UTF-8; save the file as it"),
    "utf-16": ("run: a\n".encode("utf-16"), "line 1: not UTF-8; save the file as it"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0", "line 1: not UTF-8; save the file as it"),
    "zeros": (bytes(64), f"holds what is no text; {MEND}"),
    "two documents": (
        b"run: a\n---\nrun: b\n",
        "line 3: a second document; leave out the ---",
    ),
    "key twice": (b"run: a\nrun: b\n", f"line 2: run {TWICE}"),
    "section twice": (
        b"split:\n  seed: 1\nsplit:\n  folds: 3\n",
        f"line 3: split {TWICE}",
    ),
    "inner key twice": (
        b"split: {seed: 1,\n  folds: 3, seed: 2}\n",
        f"line 2: split.seed {TWICE}",
    ),
    "json key twice": (
        b'{"run": "a", "split": {"seed": 1, "seed": 2}}',
        "seed stands twice, the first would be lost; join the two",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_config_file_is_one_line(tmp_path, kind):
    content, line = WRONG[kind]
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(LabError) as why:
        check_config_file(path)
    assert str(why.value).startswith(f"{path}: {line}")
    assert "\n" not in str(why.value)
    assert path.read_bytes() == content


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(LabError, match=r"a\.yaml: no such config file; name one that"):
        check_config_file(tmp_path / "a.yaml")
    with pytest.raises(LabError, match=r"no readable config file \(Is a directory\)"):
        check_config_file(tmp_path)


SOUND = [
    "run: a\nsplit: {seed: 1}\nsegmentation:\n  seed: 1\n",
    "\ufeffrun: a\n",
    "base: &base {a: 1}\nb: {<<: *base, c: 2}\nd: *base\n",
    "a: &a [*a]\n",
    json.dumps({"run": "a", "split": {"seed": 1}}, indent="\t"),
]


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_config_file_passes(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    check_config_file(path)


def test_the_config_and_all_presets_pass(repository):
    for path in (repository / "config.yaml", *repository.glob("presets/*.yaml")):
        check_config_file(path)


@pytest.mark.parametrize("entry", ["split.seed=3", "split", "=3", "2=3"])
def test_a_mistyped_entry_of_the_command_line_is_named(entry):
    with pytest.raises(LabError) as why:
        check_command_line(["--cores", "all", "--config", "run=a", entry, "-n"])
    assert str(why.value).startswith(f"--config {entry}: not of the form key=value")
