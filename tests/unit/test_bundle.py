"""A bundle is verified before use, and needs neither the workflow nor a framework."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.unit.made_bundle import make_bundle

from lesionlab.bundle.manifest import FORMAT, load_bundle, write_manifest
from lesionlab.errors import LabError
from lesionlab.files import sha256_file

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
AGAIN = "; copy the model again, or delete its model.json and run `snakemake model`"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("built") / "model")


@pytest.fixture
def folder(built, tmp_path):
    """A copy that a test may damage."""
    for path in built.rglob("*"):
        if path.is_file():
            target = tmp_path / "model" / path.relative_to(built)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path / "model"


def change_facts(folder, change):
    """Change the manifest as one who seals it again."""
    facts = json.loads((folder / "model.json").read_text())
    del facts["seal"]
    change(facts)
    write_manifest(folder, facts, facts.pop("files"))


def refusal(folder):
    with pytest.raises(LabError) as refused:
        load_bundle(folder)
    return str(refused.value)


def test_what_was_built_is_loaded(folder):
    bundle = load_bundle(folder)
    assert bundle.classes == ["MEL", "NV", "Other_SC"]
    assert bundle.positive == 0
    assert bundle.identity == sha256_file(folder / "model.json")
    p = bundle.calibration("original").apply(np.array([[0.2, 0.5, 0.3]]))
    assert p.sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", ["nowhere", "empty", "file"])
def test_what_is_no_model_is_named(tmp_path, kind):
    place = tmp_path / kind
    if kind == "empty":
        place.mkdir()
    elif kind == "file":
        place.write_text("no folder")
    assert refusal(place) == (
        f"{place}: no model (it holds no model.json); name the folder "
        "results/<run>/model of a finished run"
    )


@pytest.mark.parametrize("name", ["segmenters/fold0.onnx", "training/cases.csv"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert refusal(folder) == f"{folder / name}: missing{AGAIN}"


@pytest.mark.parametrize("name", ["segmenters/fold0.onnx", "training/features.npy"])
def test_one_changed_byte_is_seen(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    line = f"{folder / name}: not what was built (another SHA-256){AGAIN}"
    assert refusal(folder) == line


def test_one_changed_number_of_the_manifest_is_seen(folder):
    path = folder / "model.json"
    text = path.read_text()
    path.write_text(text.replace('"threshold": 0.2', '"threshold": 0.3', 1))
    line = f"{path}: not what was built (its seal is broken){AGAIN}"
    assert refusal(folder) == line


def test_spaces_and_the_order_of_keys_are_no_change(folder):
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    assert load_bundle(folder).positive == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "\x00"])
def test_a_damaged_manifest_is_one_line(folder, text):
    path = folder / "model.json"
    path.write_text(text)
    line = refusal(folder)
    assert line.startswith(f"{path}: ")
    assert line.endswith(AGAIN)


def test_bytes_that_are_no_text_are_one_line(folder):
    (folder / "model.json").write_bytes(b"\xff\xfe\x00")
    assert refusal(folder) == f"{folder / 'model.json'}: damaged{AGAIN}"


def test_another_format_is_told_by_its_number(folder):
    change_facts(folder, lambda facts: facts.update(format=FORMAT + 1))
    assert refusal(folder) == (
        f"{folder / 'model.json'}: of format {FORMAT + 1}, and this version reads "
        f"{FORMAT}; delete it and run `snakemake model` again"
    )


@pytest.mark.parametrize(
    "name", ["../outside", "training/../../outside", "/etc/passwd"]
)
def test_no_file_outside_of_the_folder_is_read(folder, name):
    (folder.parent / "outside").write_text("mine")

    def name_it(facts):
        facts["files"][name] = sha256_file(folder / name)

    change_facts(folder, name_it)
    line = f"{folder / 'model.json'}: {name} lies outside of the model; do not use it"
    assert refusal(folder) == line


def test_a_link_that_leads_outside_is_not_followed(folder):
    cases = folder / "training/cases.csv"
    (folder.parent / "outside").write_bytes(cases.read_bytes())
    cases.unlink()
    cases.symlink_to(folder.parent / "outside")
    assert "training/cases.csv lies outside of the model" in refusal(folder)


def test_a_network_without_a_hash_is_not_used(folder):
    (folder.parent / "other.onnx").write_bytes(b"another network")

    def name_it(facts):
        facts["segmenters"][0]["file"] = "../other.onnx"

    change_facts(folder, name_it)
    assert refusal(folder) == (
        f"{folder / 'model.json'}: names ../other.onnx without its hash; do not use it"
    )


class Trap:
    """What runs a program as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_pickled_code_is_never_run(folder, tmp_path):
    from lesionlab.application.engine import load_networks

    features = folder / "training/features.npy"
    features.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    change_facts(
        folder,
        lambda facts: facts["files"].update(
            {"training/features.npy": sha256_file(features)}
        ),
    )
    with pytest.raises(ValueError, match="pickled"):
        load_networks(load_bundle(folder), threads=1)
    assert not (tmp_path / "sprung").exists()


PREDICT = """
import sys
import numpy as np
from lesionlab.application.engine import judge, load_networks
from lesionlab.bundle.manifest import load_bundle
from pathlib import Path
networks = load_networks(load_bundle(Path(sys.argv[1])), threads=1)
[opinion] = judge(networks, [np.full((72, 96, 3), 200, np.uint8)])
assert set(opinion.probabilities) == {"original", "segmented"}
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_it_predicts_without_the_workflow_and_without_a_framework(folder):
    done = subprocess.run(
        [sys.executable, "-c", PREDICT, str(folder)],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert {"onnxruntime", "lesionlab"} <= loaded
    assert not loaded & {"snakemake", "torch", "tensorflow", "keras", "onnx", "timm"}
