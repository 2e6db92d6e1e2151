"""Read config files strictly: Snakemake names no file, and loses a key given twice.

``python -m lesionlab.host --configfile mine.yaml`` checks them before Snakemake, which
reads those of the command line before it reads anything of this workflow.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from lesionlab.errors import LabError

MEND = "write one `key: value` a line, as in config.yaml"


def check_config_files(paths: Iterable[Path]) -> None:
    """Refuse the first file that is no config.

    Parameters
    ----------
    paths : iterable of Path
        YAML or JSON files.

    Raises
    ------
    LabError
        Names file, line and mend.
    """
    for path in paths:
        check_config_file(Path(path))


def check_config_file(path: Path) -> None:
    """Refuse a file that is no mapping in UTF-8, or in which a key stands twice.

    Parameters
    ----------
    path : Path
        A YAML or JSON file.

    Raises
    ------
    LabError
        Names file, line and mend.
    """
    text = _read_text(path)
    if not text.strip():
        raise LabError(f"{path}: empty; {MEND}, or leave the file out")
    try:
        json.loads(text, object_pairs_hook=lambda pairs: _refuse_twice(path, pairs))
    except ValueError:
        root = _compose(path, text)
    else:
        root = None if text.lstrip().startswith("{") else _compose(path, text)
        if root is None:
            return
    if root is None:
        raise LabError(f"{path}: holds comments alone; {MEND}, or leave the file out")
    if not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "one value"
        line = root.start_mark.line + 1
        raise LabError(f"{path}: line {line}: {kind}, not keys with values; {MEND}")
    for message in _keys_given_twice(root, "", set()):
        raise LabError(f"{path}: {message}")


def check_command_line(arguments: Sequence[str]) -> None:
    """Check what is said of the config on a command line of Snakemake.

    Parameters
    ----------
    arguments : sequence of str
        Of which those are read that follow ``--configfile`` and ``--config``.

    Raises
    ------
    LabError
        Names what is wrong, and the mend.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    lists: dict[str, Any] = {"nargs": "*", "action": "extend", "default": []}
    parser.add_argument("--configfile", "--configfiles", dest="files", **lists)
    parser.add_argument("--config", "-C", dest="entries", **lists)
    given, _ = parser.parse_known_args(list(arguments))
    check_config_files(map(Path, given.files))
    for entry in given.entries:
        if not re.match(r"[A-Za-z_]\w*=", entry):
            raise LabError(
                f"--config {entry}: not of the form key=value with a key of the top "
                "level; write it into a file and name that with --configfile"
            )


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as why:
        raise LabError(f"{path}: no such config file; name one that there is") from why
    except OSError as why:
        raise LabError(f"{path}: no readable config file ({why.strerror})") from why
    except UnicodeDecodeError as why:
        line = why.object[: why.start].count(b"\n") + 1
        raise LabError(f"{path}: line {line}: not UTF-8; save the file as it") from why


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        documents = list(yaml.compose_all(text, yaml.SafeLoader))
    except yaml.MarkedYAMLError as why:
        raise LabError(f"{path}: {_explain_syntax(text, why)}") from why
    except yaml.YAMLError as why:
        raise LabError(f"{path}: holds what is no text; {MEND}") from why
    if len(documents) > 1:
        line = documents[1].start_mark.line + 1
        raise LabError(f"{path}: line {line}: a second document; leave out the ---")
    return documents[0] if documents else None


def _explain_syntax(text: str, why: yaml.MarkedYAMLError) -> str:
    mark = why.problem_mark or why.context_mark
    if mark is None:
        return f"no YAML ({why.problem}); {MEND}"
    lines = text.splitlines()
    wrong = lines[mark.line] if mark.line < len(lines) else ""
    where = f"line {mark.line + 1}"
    if "\t" in wrong[: len(wrong) - len(wrong.lstrip())]:
        return f"{where}: indented by a tab; YAML takes spaces alone"
    problem = f"{why.context or ''} {why.problem or ''}".strip()
    return f"{where}: no YAML ({problem}); {MEND}"


def _keys_given_twice(node: yaml.Node, prefix: str, seen: set[int]) -> Iterator[str]:
    if id(node) in seen:  # an alias may lead back to where it stands
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys_given_twice(item, prefix, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode):
            name = f"{prefix}{key.value}"
            if key.value != "<<" and name in lines:
                yield (
                    f"line {line}: {name} stands in line {lines[name]} already, which "
                    "would be lost; join the two"
                )
            lines[name] = line
            yield from _keys_given_twice(value, f"{name}.", seen)


def _refuse_twice(path: Path, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise LabError(
                f"{path}: {name} stands twice, the first would be lost; join the two"
            )
    return dict(pairs)
