"""What of a classifier's config does not go together: asked before anything runs."""

from collections.abc import Mapping
from typing import Any

from lesionlab.errors import LabError

HEAD = "head"


def check_wanted(wanted: Mapping[str, Any]) -> None:
    """Refuse keys that do not go together.

    Parameters
    ----------
    wanted : Mapping
        The section ``classification`` of the config.

    Raises
    ------
    LabError
        Names the key that is to be mended.
    """
    model, weights = wanted["model"], wanted["weights"]
    variant = wanted["weights_variant"]
    if weights == "imagenet" and model.startswith("panderm/"):
        raise LabError(
            f"classification.weights: imagenet: none of {model} are published; name "
            "its own file, or none"
        )
    only = {"imagenet": "v1.5", "package": "v1"}.get(weights)
    if variant and model != "resnet50":
        raise LabError(
            f"classification.weights_variant: {variant}: of resnet50 alone; set it to "
            "null"
        )
    if variant and only and variant != only:
        raise LabError(
            f"classification.weights_variant: {variant}: the weights of {weights} are "
            f"{only}; set it to null"
        )
    if wanted["trainable"] == HEAD:
        check_head(wanted)


def check_head(wanted: Mapping[str, Any]) -> None:
    """Refuse what a head cannot have, whose features are computed once.

    Parameters
    ----------
    wanted : Mapping
        The section ``classification`` of the config.

    Raises
    ------
    LabError
        Names the key that is to be 0.
    """
    kept = "set it to 0: with trainable: head a picture is computed once"
    for key in ("jitter", "crop"):
        if wanted["augmentation"][key]:
            raise LabError(
                f"classification.augmentation.{key}: {kept}, in its eight views"
            )
    if wanted["mixup"]:
        raise LabError(f"classification.mixup: {kept}, unmixed")
