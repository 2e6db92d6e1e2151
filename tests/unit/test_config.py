"""Every wrong config is refused in one line that names the key and what is allowed."""

import copy
from datetime import date

import pytest
import yaml

from lesionlab.classification.arms import ARMS
from lesionlab.config import check_arms, check_config, seeds_of_arms
from lesionlab.errors import LabError


@pytest.fixture(scope="module")
def schema(repository):
    path = repository / "workflow" / "schemas" / "config.schema.yaml"
    return yaml.safe_load(path.read_text())


@pytest.fixture
def config(repository):
    return yaml.safe_load((repository / "config.yaml").read_text())


def change(config, key, value):
    changed = copy.deepcopy(config)
    *sections, name = key.split(".")
    part = changed
    for section in sections:
        part = part[section]
    part[name] = value
    return changed


WRONG = [
    ("segmentation.learnig_rate", 0.1, "unknown key; did you mean learning_rate"),
    ("clasification", {}, "unknown key; did you mean classification"),
    ("run", "My Run", "name of the results folder: small letters, digits, dots, _"),
    ("run", "..", "name of the results folder: small letters, digits"),
    ("run", "demo\n", "'demo\\n' is not allowed; name of the results folder: small"),
    ("run", "a" * 256, "at most 255 letters"),
    ("run", 2024, "run: 2024 is not allowed; text (name of the results folder"),
    ("run", 2024, "; put it in quotes"),
    ("run", date(2024, 1, 31), "run: 2024-01-31 is not allowed; text (name of"),
    ("run", date(2024, 1, 31), "; put it in quotes"),
    (
        "dataset.path",
        7,
        "text or null (folder in a layout of docs/data.md, or null",
    ),
    ("split", None, "split: empty; give it keys with values, or leave it out"),
    ("split", [1], "[1] is not allowed; keys with values"),
    ("classification.seeds", None, "None is not allowed; list of whole numbers"),
    (
        "application.prevalence",
        {"MEL": 0.1, "NV": 0.9},
        "application.prevalence: name each class once: MEL, NV, Other_SC",
    ),
    (
        "application.prevalence",
        {"MEL": 0.1, "NV": 0.6, "Other": 0.3},
        "application.prevalence: name each class once: MEL, NV, Other_SC",
    ),
    (
        "application.prevalence",
        {"MEL": 0.1, "NV": 0.7, "Other_SC": 0.3},
        "application.prevalence: the shares sum to 1.1; make them sum to 1",
    ),
    (
        "application.prevalence",
        {"MEL": 10, "NV": 70, "Other_SC": 20},
        ": 20 is not allowed; less than 1",
    ),
    ("application.prevalence", 0.1, "keys with values or null (class: its share"),
    ("application.sensitivity", 0.9, "0.9 is not allowed; a list of shares"),
    ("application.sensitivity", [], "at least 1 entries"),
    ("application.sensitivity", [0.9, 0.9], "each entry once"),
    ("application.sensitivity", [95], "95 is not allowed; at most 1"),
    ("application.sensitivity", [0], "0 is not allowed; more than 0"),
    ("application.false_alarms", 0, "0 is not allowed; more than 0"),
    ("application.false_alarms", 0.6, "at most 0.5"),
    ("application.licence", "", "licence"),
    ("segmentation.height", 100, "a multiple of 16"),
    ("segmentation.epochs", 0, "at least 1"),
    ("segmentation.epochs", "ten", "a whole number (epochs with dropout)"),
    ("segmentation.learning_rate", "1e-3", "write a number as 0.001 or 1.0e-3"),
    ("split.seed", "3", "this is text: leave out its quotes, and give it in a file"),
    ("split.seed", -1, "at least 0"),
    ("dataset.phantom.seed", 2**32, "at most 4294967295"),
    ("segmentation.seed", -7, "at least 0"),
    ("comparison.seed", 10**12, "at most 4294967295"),
    ("classification.seeds", [1, -2], "at least 0"),
    ("classification.seeds", [2**32], "at most 4294967295"),
    ("classification.arm_seeds", {"original": [2**32]}, "at most 4294967295"),
    ("segmentation.loss", "focal", "one of bce, bce_dice"),
    ("segmentation.dropout", 1.0, "less than 1"),
    ("classification.arms", [], "at least 1"),
    ("classification.arms", ["original", "original"], "each entry once"),
    ("classification.arms", [3], "text (name of an arm)"),
    ("classification.size", "own", "a whole number or null (pixels, or null for the"),
    ("classification.size", 27, "at least 28"),
    ("classification.seeds", [1.5], "a whole number"),
    ("classification.arm_seeds", {"original": []}, "at least 1"),
    ("classification.arm_seeds", {"original": [2, 2]}, "each entry once"),
    ("classification.arm_seeds", {"original": 2}, "a list or null (list of whole"),
    ("classification.arm_seeds", {"original": [-1]}, "at least 0"),
    ("classification.augmentation.jitter", 2, "less than 1"),
    ("comparison.confidence", 95, "less than 1"),
    ("dataset.source", "kaggle", "one of phantom, folder"),
    ("dataset.positive_class", "mel", "one of MEL, NV, Other_SC"),
    ("dataset.classes", {"MEL": ["mel"]}, "two classes or more"),
    ("dataset.classes", {"MEL": ["mel"], "B": ["mel"]}, "mel stands twice"),
    ("split.classification.train", {"Nevus": 3}, "Nevus: no such class"),
    ("split.classification.test", "all", "give a total or counts per class"),
    ("split.folds", 1, "at least 2"),
    ("split.folds", 5.0, "a whole number"),
    ("split.folds", 100_000, "at most 50"),
    ("split.seed", 2**33, "at most 4294967295"),
    ("split.seed", 10**400, "at most 4294967295"),
    ("segmentation.batch_size", 16.0, "a whole number"),
    ("segmentation.epochs", True, "a whole number"),
    ("segmentation.learning_rate", float("nan"), "number"),
    ("segmentation.learning_rate", float("inf"), "number"),
    ("dataset.classes", {1: ["mel"], "B": ["nv"]}, "text"),
    ("split.classification.train", {"MEL": 3, "NV": 3}, "Other_SC has no count"),
    (
        "split.classification.train",
        {"MEL": 3, "NV": 3, "Other_SC": None},
        "Other_SC has no count",
    ),
    ("split.classification.train", {"MEL": 3, "NV": 3, "Other_SC": 0}, "0 is not"),
    ("split.classification.valid", {"MEL": 0, "NV": 0, "Other_SC": 0}, "no photograph"),
    (
        "split.classification.test",
        {"MEL": 0, "NV": 5, "Other_SC": 5},
        "test.MEL: 0 is not allowed; what is measured",
    ),
    ("split.classification.valid", True, "allowed: a total, a count per class"),
]


@pytest.mark.parametrize(("key", "value", "why"), WRONG)
def test_a_wrong_value_is_refused_in_one_line(config, schema, key, value, why):
    with pytest.raises(LabError) as error:
        check_config(change(config, key, value), schema)
    message = str(error.value)
    assert message.startswith("config: ")
    assert key in message or key.split(".")[-1] in message
    assert why in message
    assert "\n" not in message


WRONG_ARMS = [
    ({"arms": ["orignal"]}, "arms: 'orignal' is no arm; did you mean original?"),
    ({"arms": ["original", "x"]}, "arms: 'x' is no arm; allowed: original, segmented,"),
    (
        {"arm_seeds": {"segmentd": [1]}},
        "'segmentd' is no arm of classification.arms; did you mean segmented?",
    ),
    (
        {"arm_seeds": {"crop": [1]}},
        "'crop' is no arm of classification.arms; allowed: original, segmented",
    ),
    ({"arm_seeds": {"segmented": [9]}}, "arm_seeds: arms are compared seed by seed"),
]


@pytest.mark.parametrize(("changes", "why"), WRONG_ARMS)
def test_a_wrong_arm_is_refused_in_one_line(config, schema, changes, why):
    config["classification"] |= changes
    check_config(config, schema)
    with pytest.raises(LabError) as error:
        check_arms(config["classification"], ARMS)
    message = str(error.value)
    assert message.startswith("config: classification.")
    assert why in message
    assert "\n" not in message


def test_an_arm_has_its_own_seeds_or_those_of_all(config, schema):
    own = {"original": [5, 2, 9], "segmented": None}
    config["classification"] |= {"seeds": [2, 3], "arm_seeds": own}
    check_config(config, schema)
    check_arms(config["classification"], ARMS)
    wanted = {"original": [5, 2, 9], "segmented": [2, 3]}
    assert seeds_of_arms(config["classification"]) == wanted


def test_a_class_that_is_dropped_is_dropped_from_the_prevalence_too(config, schema):
    """An overlay is merged key by key: a null is how an entry goes."""
    config["dataset"]["classes"] = {"MEL": ["mel"], "NV": ["nv"], "Other_SC": None}
    for task in ("train", "valid", "test"):
        config["split"]["classification"][task] = {"MEL": 9, "NV": 9, "Other_SC": None}
    shares = {"MEL": 0.1, "NV": 0.9, "Other_SC": None}
    check_config(change(config, "application.prevalence", shares), schema)
    shares["Other_SC"] = 0.1
    with pytest.raises(LabError, match=r"prevalence: name each class once: MEL, NV$"):
        check_config(change(config, "application.prevalence", shares), schema)


def test_a_missing_key_is_named(config, schema):
    del config["segmentation"]["height"]
    with pytest.raises(LabError, match=r"segmentation\.height: missing"):
        check_config(config, schema)


def test_the_default_config_passes(config, schema):
    check_config(config, schema)


def test_every_key_of_the_schema_is_described(schema):
    def walk(node, path):
        for name, child in node.get("properties", {}).items():
            if "properties" in child:
                assert child["additionalProperties"] is False, f"{path}.{name}"
            else:
                assert child.keys() & {"description", "$ref"}, f"{path}.{name}"
            walk(child, f"{path}.{name}")

    walk(schema, "")


@pytest.mark.parametrize("name", ["reference-2022", "ham10000", "ham10000-cpu"])
def test_presets_fit_the_schema(repository, config, schema, name):
    def merge(base, over):
        for key, value in over.items():
            both = isinstance(value, dict) and isinstance(base.get(key), dict)
            base[key] = merge(base[key], value) if both else value
        return base

    preset = yaml.safe_load((repository / "presets" / f"{name}.yaml").read_text())
    merged = merge(config, preset)
    check_config(merged, schema)
    check_arms(merged["classification"], ARMS)
    assert merged["run"] == name


def test_the_reference_is_reproduced_as_it_was(repository):
    preset = yaml.safe_load((repository / "presets/reference-2022.yaml").read_text())
    unet, classifier = preset["segmentation"], preset["classification"]
    assert preset["split"]["protocol"] == "image"
    assert preset["split"]["segmentation"] == {"train": 900, "valid": 451, "test": 451}
    sizes = preset["split"]["classification"]
    assert [sum(sizes[name].values()) for name in sizes] == [3006, 501, 401]
    assert (unet["height"], unet["width"]) == (448, 592)
    assert (unet["dropout"], unet["batch_size"], unet["epochs"]) == (0.3, 16, 30)
    assert (unet["keep"], unet["shuffle"]) == ("last", False)
    assert unet["dropout_free_epochs"] == 0
    assert (classifier["learning_rate"], classifier["momentum"]) == (0.001, 0.9)
    assert (classifier["batch_size"], classifier["weights"]) == (64, "imagenet")
    assert (classifier["epochs"], classifier["patience"]) == (999, 50)
    assert classifier["schedule"] == "constant"
