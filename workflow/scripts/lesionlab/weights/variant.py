"""Which ResNet-50 a file of weights belongs to: asked before anything is run."""

import json
from pathlib import Path

from lesionlab.errors import LabError

VARIANTS = ("v1", "v1.5")


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
