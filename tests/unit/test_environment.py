"""Environments, profiles and imports agree with the lock and with each other."""

import ast
import re
import sys

import pytest
import yaml
from packaging.requirements import Requirement

from lesionlab.codedigest import imported_modules

DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "huggingface_hub": "huggingface-hub",
    "jinja2": "jinja2",
    "onnx_ir": "onnx-ir",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


@pytest.fixture(scope="module")
def lock(repository):
    """Every distribution that the lock names for Linux and Python 3.11."""
    lines = (repository / "requirements.txt").read_text().splitlines()
    found = [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum()]
    here = {"python_full_version": "3.11.7", "sys_platform": "linux"}
    here["platform_machine"] = "x86_64"
    return {
        r.name: str(r.specifier).removeprefix("==")
        for r in found
        if r.marker is None or r.marker.evaluate(here)
    }


def pins(repository, name):
    """Distributions that an environment pins, with their versions."""
    path = repository / "envs" / f"{name}.yaml"
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    pip = next(d["pip"] for d in dependencies if isinstance(d, dict))
    parsed = [Requirement(line) for line in pip]
    return {r.name: str(r.specifier).removeprefix("==") for r in parsed}


def rules(repository):
    """Name, script and environments of every rule that has a script."""
    for path in sorted((repository / "workflow" / "rules").glob("*.smk")):
        for block in path.read_text().split("\nrule ")[1:]:
            script = re.search(r'"\.\./scripts/(\w+)\.py"', block)
            if script:
                env = re.search(r'"\.\./\.\./envs/(\w+)\.yaml"', block)
                envs = ("tensorflow", "torch") if env is None else (env[1],)
                assert env or "UNET_ENVIRONMENT" in block
                yield block.split(":")[0], script[1], envs


def imported_distributions(paths):
    """Third-party distributions that modules import, anywhere in their text."""
    names = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    names -= {*sys.stdlib_module_names, "lesionlab"}
    return {DISTRIBUTIONS.get(name, name) for name in names}


def stated_distributions(path):
    """Distributions that a script names to state their versions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "provenance":
            for part in getattr(node.args[1], "elts", []):
                if isinstance(part, ast.Constant):
                    yield part.value


@pytest.mark.parametrize("name", ["application", "data", "tensorflow", "torch"])
def test_an_environment_pins_what_the_lock_pins(repository, lock, name):
    path = repository / "envs" / f"{name}.yaml"
    python = yaml.safe_load(path.read_text())["dependencies"][0]
    assert python == "python=3.11"
    for distribution, version in pins(repository, name).items():
        assert lock[distribution] == version


def test_every_import_of_a_rule_is_in_its_environment(repository):
    scripts = repository / "workflow" / "scripts"
    seen = list(rules(repository))
    assert {script for _, script, _ in seen} == {p.stem for p in scripts.glob("*.py")}
    for name, script, envs in seen:
        assert name == script
        path = scripts / f"{script}.py"
        imports = imported_distributions([path, *imported_modules(path)])
        for env in envs:
            stated = set(stated_distributions(path))
            assert imports | stated <= pins(repository, env).keys(), (script, env)


def test_scoring_and_comparing_import_neither_framework(repository):
    for name, script, envs in rules(repository):
        if envs == ("data",):
            path = repository / "workflow" / "scripts" / f"{script}.py"
            imports = imported_distributions([path, *imported_modules(path)])
            assert not imports & {"tensorflow", "keras", "torch", "torchvision"}, name


def test_training_and_prediction_alone_ask_for_a_gpu(repository):
    text = "".join(
        path.read_text() for path in (repository / "workflow" / "rules").glob("*.smk")
    )
    with_gpu = {
        block.split(":")[0] for block in text.split("\nrule ")[1:] if "gpu=1" in block
    }
    assert with_gpu == {
        "train_unet",
        "predict_masks",
        "train_segmenter",
        "predict_lesions",
        "train_classifier",
        "predict_classes",
    }


def test_the_default_profile_states_the_triggers_of_the_contract(repository):
    profile = yaml.safe_load((repository / "profiles/default/config.yaml").read_text())
    assert profile["rerun-triggers"] == ["mtime", "params", "input", "software-env"]
    assert profile["max-checksum-file-size"] == "200MB"


def test_library_imports_run_downwards(repository):
    order = [
        "statistics",
        "host",
        "dataverse",
        "decoding",
        "tables",
        "sources",
        "phantom",
        "data",
        "lesions",
        "weights",
        "training",
        "segmentation",
        "networks",
        "segmenter",
        "export",
        "classification",
        "comparison",
        "words",
        "figures",
        "cohort",
        "report",
        "bundle",
        "application",
        "visits",
        "page",
    ]
    library = repository / "workflow" / "scripts" / "lesionlab"
    wings = {path.parent.name for path in library.glob("*/__init__.py")}
    assert wings == set(order)
    for wing in order:
        allowed = {wing, *order[: order.index(wing)]}
        if wing in ("networks", "classification"):
            allowed -= {"segmentation", "segmenter"}
        for path in (library / wing).glob("*.py"):
            found = re.findall(r"^\s*from lesionlab\.(\w+)\.", path.read_text(), re.M)
            assert set(found) <= allowed, path
    for path in library.glob("*.py"):
        found = re.findall(r"from lesionlab\.(\w+)\.", path.read_text())
        assert not found, path
