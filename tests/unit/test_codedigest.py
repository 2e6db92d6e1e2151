"""The code digest sees statements, and nothing else."""

import subprocess
import sys

import pytest

from lesionlab.codedigest import code_digest, imported_modules

MODULE = '"""Doc."""\n\n# why\ndef twice(x):\n    """Doc."""\n    return 2 * x\n'


@pytest.fixture
def script(tmp_path):
    package = tmp_path / "lesionlab" / "data"
    package.mkdir(parents=True)
    (tmp_path / "lesionlab" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "deep.py").write_text(MODULE)
    (package / "near.py").write_text("from lesionlab.data.deep import twice\n")
    (package / "other.py").write_text(MODULE)
    path = tmp_path / "train.py"
    path.write_text("import json\n\nfrom lesionlab.data import near\n\nnear.twice(1)\n")
    return path


def edit(script, name, old, new):
    path = script.parent / "lesionlab" / "data" / name
    path.write_text(path.read_text().replace(old, new))


def test_a_statement_of_an_indirect_import_changes_it(script):
    before = code_digest(script)
    edit(script, "deep.py", "2 * x", "3 * x")
    assert code_digest(script) != before


@pytest.mark.parametrize(
    ("old", "new"), [("# why", "# because"), ("Doc.", "Other words."), ("\n\n", "\n")]
)
def test_comments_docstrings_and_blank_lines_do_not(script, old, new):
    before = code_digest(script)
    edit(script, "deep.py", old, new)
    assert code_digest(script) == before


def test_a_module_that_is_not_imported_does_not(script):
    before = code_digest(script)
    edit(script, "other.py", "2 * x", "3 * x")
    assert code_digest(script) == before


def test_the_version_of_an_imported_package_does(script, monkeypatch):
    edit(script, "deep.py", "# why", "import numpy")
    before = code_digest(script)
    monkeypatch.setattr("lesionlab.codedigest._version", lambda _: "0")
    assert code_digest(script) != before


def test_imports_are_followed(script):
    names = {path.name for path in imported_modules(script)}
    assert names == {"__init__.py", "near.py", "deep.py"} - {"__init__.py"}


ARMS = """
import numpy

ARMS = {}
DEPTH = 3
LENGTH = 5

def arm(show):
    ARMS[show.__name__] = show
    return show

@arm
def first(x):
    return _help(x) + DEPTH

@arm
def second(x):
    return x + LENGTH

def _help(x):
    return numpy.abs(x)
"""


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("x + LENGTH", "x - LENGTH", False),
        ("LENGTH = 5", "LENGTH = 6", False),
        ("def _help", "@arm\ndef third(x):\n    return x\n\ndef _help", False),
        ("+ DEPTH", "- DEPTH", True),
        ("DEPTH = 3", "DEPTH = 4", True),
        ("numpy.abs(x)", "numpy.sign(x)", True),
        ("    return show\n", "    return print\n", True),
        ("ARMS = {}", "ARMS = dict()", True),
        ("import numpy", "import numpy\nnumpy.seterr(all='raise')", True),
    ],
)
def test_of_a_part_of_a_module_what_it_needs_is_seen(script, old, new, seen):
    module = script.parent / "lesionlab" / "data" / "deep.py"
    part = {"lesionlab.data.deep": "first"}
    module.write_text(ARMS)
    before = code_digest(script, parts=part)
    module.write_text(ARMS.replace(old, new))
    assert (code_digest(script, parts=part) != before) == seen


@pytest.mark.parametrize("name", ["index_images", "score_masks", "compare_arms"])
def test_what_python_imports_is_seen(repository, name):
    folder = repository / "workflow" / "scripts"
    listing = (
        f"import sys, {name}\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if 'lesionlab.' in n))"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], cwd=folder, capture_output=True, text=True
    )
    loaded = {path for path in done.stdout.split() if not path.endswith("__init__.py")}
    assert loaded
    assert loaded <= {str(path) for path in imported_modules(folder / f"{name}.py")}
