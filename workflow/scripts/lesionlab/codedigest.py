"""Digest the code that a rule runs, so that only rules that use an edit rebuild.

Snakemake sees the script of a rule but not the modules that it imports, and it takes a
changed comment for a changed script. This digest sees exactly the statements.
"""

import ast
import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "lesionlab"
# where the name of an import is not that of its distribution
DISTRIBUTIONS = {
    "cv2": "opencv-python",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def code_digest(
    script: Path,
    packages: Sequence[str] = (),
    parts: Mapping[str, str] | None = None,
) -> str:
    """Digest a script with all that it imports.

    Parameters
    ----------
    script : Path
        A script beside the package ``lesionlab``.
    packages : sequence of str
        Names of imports that none of these modules spells out: a Keras backend.
    parts : Mapping, optional
        By dotted name, modules of which the stage runs one function and what that
        needs: its name. A function added beside it makes nothing stale.

    Returns
    -------
    str
        SHA-256 over the syntax trees, docstrings and comments left out, of the script
        and of every module of ``lesionlab`` that it imports, directly or not, and over
        the versions of the packages that these import.
    """
    wanted = {
        locate_module(script.parent, n): part for n, part in (parts or {}).items()
    }
    folder = script.parent
    seen: dict[Path, tuple[str, frozenset[str]]] = {}
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen[path] = read_module(path, path.stat().st_mtime_ns)
            modules = (locate_module(folder, name) for name in seen[path][1])
            waiting += [module for module in modules if module]
    digest = hashlib.sha256()
    for path in sorted(seen):
        content = seen[path][0]
        if path in wanted:
            content = read_part(path, path.stat().st_mtime_ns, wanted[path])
        digest.update(f"{path.relative_to(folder)} {content}\n".encode())
    outside = {name.split(".")[0] for _, names in seen.values() for name in names}
    outside |= set(packages)
    for name in sorted(outside - {PACKAGE} - sys.stdlib_module_names):
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.hexdigest()


def imported_modules(script: Path) -> set[Path]:
    """List the files of ``lesionlab`` that a script imports, directly or not.

    Parameters
    ----------
    script : Path
        A script beside the package ``lesionlab``.

    Returns
    -------
    set of Path
        Without the script itself.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        for name in read_module(path, path.stat().st_mtime_ns)[1]:
            module = locate_module(script.parent, name)
            if module and module not in found:
                found.add(module)
                waiting.append(module)
    return found


@cache
def read_module(path: Path, _mtime: int) -> tuple[str, frozenset[str]]:
    """Parse one module.

    Parameters
    ----------
    path : Path
        A Python file.
    _mtime : int
        Its modification time in ns, so that an edit is not answered from the cache.

    Returns
    -------
    digest : str
        SHA-256 of its statements.
    names : frozenset of str
        Dotted names that it imports; of ``from a import b`` both ``a`` and ``a.b``.
    """
    tree = _parse(path)
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return _hash(tree.body), frozenset(names)


@cache
def read_part(path: Path, _mtime: int, name: str) -> str:
    """Digest one function of a module with all that it needs of that module.

    Parameters
    ----------
    path : Path
        A Python file.
    _mtime : int
        As for :func:`read_module`.
    name : str
        Of the function.

    Returns
    -------
    str
        SHA-256 of each statement at the top of the module that defines the function, or
        a name that one of these statements uses.
    """
    body = _parse(path).body
    used: set[str] = set()
    found = {name}
    while found - used:
        used |= found
        needed = [node for node in body if used & _defined_names(node)]
        found = set().union(*map(_names, needed))
    # what defines no name may change any: an import, a loop
    return _hash([n for n in body if n in needed or not _defined_names(n)])


def _parse(path: Path) -> ast.Module:
    """Parse a file and leave its docstrings out."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            body[:] = body[1:] or [ast.Pass()]
    return tree


def _hash(statements: list[ast.stmt]) -> str:
    tree = ast.Module(statements, [])
    return hashlib.sha256(ast.dump(tree, annotate_fields=False).encode()).hexdigest()


def _defined_names(statement: ast.stmt) -> set[str]:
    """Names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return set().union(*(_names(target) for target in targets if target))


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def locate_module(folder: Path, name: str) -> Path | None:
    """Find the file of a dotted name of ``lesionlab``; None for anything else."""
    if name.split(".")[0] != PACKAGE:
        return None
    path = folder.joinpath(*name.split(".")).with_suffix(".py")
    return path if path.is_file() else None


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def _version(name: str) -> str:
    try:
        return version(DISTRIBUTIONS.get(name, name))
    except PackageNotFoundError:
        return "absent"
