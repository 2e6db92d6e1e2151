"""Which weights go with a network, and with which ResNet-50: asked before a run."""

import json
from pathlib import Path

from lesionlab.errors import LabError

VARIANTS = ("v1", "v1.5")


def check_wanted(model: str, weights: str, variant: str | None) -> None:
    """Refuse a model, weights and a variant that do not go together.

    Parameters
    ----------
    model, weights : str
        ``classification.model`` and ``classification.weights``.
    variant : str or None
        ``classification.weights_variant``.

    Raises
    ------
    LabError
        Says which do not.
    """
    if weights == "imagenet" and model.startswith("panderm/"):
        raise LabError(
            f"classification.weights: imagenet: none of {model} are published; name "
            "its own file, or none"
        )
    if weights == "imagenet" and variant == "v1":
        raise LabError(
            "classification.weights_variant: v1: imagenet is torchvision's v1.5; set "
            "it to null"
        )
    if variant and model != "resnet50":
        raise LabError(
            f"classification.weights_variant: {variant}: of resnet50 alone; set it to "
            "null"
        )


def weights_variant(path: Path, named: str | None) -> str:
    """Find the variant of a weights file: it is never guessed.

    Parameters
    ----------
    path : Path
        The weights; a JSON file of the same stem beside it may name the variant.
    named : str or None
        ``classification.weights_variant``.

    Returns
    -------
    str
        ``"v1"`` or ``"v1.5"``.

    Raises
    ------
    LabError
        If neither names it, the two disagree, or the JSON file cannot be read.
    """
    facts = path.with_suffix(".json")
    beside = _read_variant(facts) if facts.exists() else None
    if named and beside and named != beside:
        raise LabError(
            f"classification.weights_variant: {named}, but {facts} says {beside}; "
            "mend the wrong one"
        )
    variant = named or beside
    if variant not in VARIANTS:
        raise LabError(
            f"classification.weights: {path}: v1 or v1.5? name it in "
            f'classification.weights_variant or as "variant" in {facts.name} beside it'
        )
    return str(variant)


def _read_variant(facts: Path) -> str | None:
    try:
        variant = json.loads(facts.read_text(encoding="utf-8")).get("variant")
    except (OSError, ValueError, AttributeError) as why:
        raise LabError(
            f"{facts}: no readable JSON object; mend it or remove it and set "
            "classification.weights_variant"
        ) from why
    return None if variant is None else str(variant)
