"""Check the config before anything runs, and say in one line what is wrong."""

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

import yaml
from jsonschema import Draft202012Validator, TypeChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from lesionlab.errors import LabError

ALL_THE_REST = "all"
# of JSON Schema, for people who write YAML
WORDS = {
    "object": "keys with values",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _is_integer(_checker: TypeChecker, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(checker: TypeChecker, value: Any) -> bool:
    finite = isinstance(value, float) and math.isfinite(value)
    return finite or _is_integer(checker, value)


# JSON takes 16.0 for an integer, Python and its libraries do not
Validator = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    ),
)


def check_config(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuse unknown keys, wrong types and impossible combinations.

    Parameters
    ----------
    config : Mapping
        The merged config.
    schema : Mapping
        The JSON schema of the config.

    Raises
    ------
    LabError
        Names the first key that is wrong, its value, and what is allowed.
    """
    wrong = best_match(Validator(schema).iter_errors(config))
    if wrong is not None:
        raise LabError(f"config: {_explain(wrong)}")
    for message in _impossible(config):
        raise LabError(f"config: {message}")


def check_arms(classification: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse arms that there are not, and seeds that cannot be paired.

    Parameters
    ----------
    classification : Mapping
        That section of the config, which fits the schema.
    known : collection of str
        Names of all arms that have been written.

    Raises
    ------
    LabError
        Names the first arm that is wrong, and what is allowed.
    """
    arms = classification["arms"]
    for name in arms:
        if name not in known:
            raise LabError(
                f"config: classification.arms: {name!r} is no arm; "
                f"{_suggest(name, known)}"
            )
    for name in drop_nulls(classification["arm_seeds"]):
        if name not in arms:
            raise LabError(
                f"config: classification.arm_seeds: {name!r} is no arm of "
                f"classification.arms; {_suggest(name, arms)}"
            )
    seeds = seeds_of_arms(classification)
    shared = set.intersection(*map(set, seeds.values()))
    if not shared:
        raise LabError(
            "config: classification.arm_seeds: arms are compared seed by seed, and no "
            f"seed is common to {', '.join(arms)}; give all of them one"
        )


def seeds_of_arms(classification: Mapping[str, Any]) -> dict[str, list[int]]:
    """List the seeds of each arm: its own, or those of all.

    Parameters
    ----------
    classification : Mapping
        That section of the config.

    Returns
    -------
    dict
        By arm, in their order.
    """
    own = drop_nulls(classification["arm_seeds"])
    return {
        arm: own.get(arm, classification["seeds"]) for arm in classification["arms"]
    }


def recipe_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Pick what decides how well networks do on a phantom, and no seed.

    Parameters
    ----------
    config : Mapping
        The merged config.

    Returns
    -------
    dict
        By section. What names another draw, other arms or more threads is left out.
    """
    drawn = {"seed", "seeds", "arm_seeds", "arms", "threads"}
    dataset = {key: config["dataset"][key] for key in ("classes", "phantom")}
    sections = {key: config[key] for key in ("split", "segmentation", "classification")}
    sections |= {**dataset, "positive_class": config["dataset"]["positive_class"]}
    return {
        name: {key: value for key, value in section.items() if key not in drawn}
        if isinstance(section, Mapping)
        else section
        for name, section in sections.items()
    }


def drop_nulls(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the entries that an overlay has set to null.

    Overlays are merged into config.yaml key by key, so null is how one removes a class.

    Parameters
    ----------
    mapping : Mapping
        For example ``dataset.classes``.

    Returns
    -------
    dict
        In the same order.
    """
    return {key: value for key, value in mapping.items() if value is not None}


def _explain(wrong: ValidationError) -> str:
    key = ".".join(str(part) for part in wrong.absolute_path)
    if wrong.validator == "additionalProperties":
        known = list(wrong.schema["properties"])
        extra = next(name for name in wrong.instance if name not in known)
        name = ".".join(filter(None, (key, str(extra))))
        return f"{name}: unknown key; {_suggest(extra, known)}"
    if wrong.validator == "required":
        missing = next(n for n in wrong.validator_value if n not in wrong.instance)
        return f"{'.'.join(filter(None, (key, missing)))}: missing; see config.yaml"
    kinds = _kinds(wrong)
    if wrong.validator == "type" and wrong.instance is None and "object" in kinds:
        return f"{key}: empty; give it keys with values, or leave it out"
    hint = ""
    if "string" in kinds and isinstance(wrong.instance, int | float | date):
        hint = "; put it in quotes"
    elif isinstance(wrong.instance, str) and _reads_as_number(wrong.instance):
        hint = (
            "; this is text: leave out its quotes, and give it in a file for "
            "--configfile, as --config makes text of it"
            if _is_number_of_yaml(wrong.instance)
            else "; YAML reads this as text, write a number as 0.001 or 1.0e-3"
        )
    dated = isinstance(wrong.instance, date)
    shown = str(wrong.instance) if dated else repr(wrong.instance)
    return f"{key}: {shown} is not allowed; {_allowed(wrong)}{hint}"


def _suggest(name: Any, known: Collection[str]) -> str:
    near = get_close_matches(str(name), known, 1)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"


def _allowed(wrong: ValidationError) -> str:
    rule = wrong.validator_value
    texts = {
        "enum": f"one of {', '.join(map(str, rule))}"
        if wrong.validator == "enum"
        else "",
        "minimum": f"at least {rule}",
        "exclusiveMinimum": f"more than {rule}",
        "maximum": f"at most {rule}",
        "exclusiveMaximum": f"less than {rule}",
        "multipleOf": f"a multiple of {rule}",
        "minItems": f"at least {rule} entries",
        "uniqueItems": "each entry once",
        "maxLength": f"at most {rule} letters",
    }
    if str(wrong.validator) in texts:
        return texts[str(wrong.validator)]
    meaning = wrong.schema.get("description", "") if wrong.schema else ""
    kinds = _kinds(wrong)
    if not kinds:
        return f"allowed: {meaning}"
    named = " or ".join(WORDS[kind] for kind in kinds)
    if not meaning:
        return named
    bare, said = (text.removeprefix("a ") for text in (named, meaning))
    repeats = wrong.validator == "pattern" or said.startswith(bare)
    return meaning if repeats else f"{named} ({meaning})"


def _kinds(wrong: ValidationError) -> list[str]:
    kinds = wrong.schema.get("type", []) if isinstance(wrong.schema, Mapping) else []
    return [kinds] if isinstance(kinds, str) else list(kinds)


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_number_of_yaml(text: str) -> bool:
    return isinstance(yaml.safe_load(text), int | float)


def _impossible(config: Mapping[str, Any]) -> Iterator[str]:
    dataset, split = config["dataset"], config["split"]
    classes = drop_nulls(dataset["classes"])
    diagnoses = [dx for group in classes.values() for dx in group]
    if len(classes) < 2:
        yield "dataset.classes: a classifier needs two classes or more"
    for dx in diagnoses:
        if diagnoses.count(dx) > 1:
            yield f"dataset.classes: diagnosis {dx} stands twice; name each once"
    if dataset["positive_class"] not in classes:
        names = ", ".join(classes)
        yield (
            f"dataset.positive_class: {dataset['positive_class']!r} is no class; "
            f"one of {names}"
        )
    if split["protocol"] == "source" and not split["sources"]:
        yield "split.sources: name one source or more, which are tested"
    for task in ("classification", "segmentation"):
        for name, size in split[task].items():
            yield from _impossible_size(f"split.{task}.{name}", size, classes)
    yield from _impossible_prevalence(config["application"]["prevalence"], classes)
    positive, tested = dataset["positive_class"], split["classification"]["test"]
    if isinstance(tested, Mapping) and tested.get(positive) == 0:
        yield (
            f"split.classification.test.{positive}: 0 is not allowed; what is measured "
            "is how well this class is found"
        )


def _impossible_prevalence(
    prevalence: Mapping[str, float | None] | None, classes: Collection[str]
) -> Iterator[str]:
    if prevalence is None:
        return
    shares = drop_nulls(prevalence)
    if set(shares) != set(classes):
        yield f"application.prevalence: name each class once: {', '.join(classes)}"
    if abs(sum(shares.values()) - 1) > 0.001:
        total = sum(shares.values())
        yield f"application.prevalence: the shares sum to {total:g}; make them sum to 1"


def _impossible_size(key: str, size: Any, classes: Mapping[str, Any]) -> Iterator[str]:
    if size == ALL_THE_REST and not key.endswith("train"):
        yield f"{key}: 'all' is for a training set; give a total or counts per class"
    if isinstance(size, Mapping):
        yield from _impossible_counts(key, size, classes)


def _impossible_counts(
    key: str, size: Mapping[str, int | None], classes: Mapping[str, Any]
) -> Iterator[str]:
    for name, count in size.items():
        if name not in classes and count is not None:
            yield f"{key}.{name}: no such class; one of {', '.join(classes)}"
    counts = {name: size.get(name) for name in classes}
    missing = [name for name, count in counts.items() if count is None]
    empty = [name for name, count in counts.items() if count == 0]
    if missing:
        yield f"{key}: class {missing[0]} has no count; give one for each class"
    elif len(empty) == len(counts):
        yield f"{key}: no photograph at all; give one class a count of 1 or more"
    elif empty and key == "split.classification.train":
        yield f"{key}.{empty[0]}: 0 is not allowed; a network learns no unseen class"
