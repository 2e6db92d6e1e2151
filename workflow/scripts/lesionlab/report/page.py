"""Fill the template of the report: one file that holds everything it shows."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

MIME = {".svg": "image/svg+xml", ".png": "image/png"}


def embed_picture(path: Path) -> str:
    """Turn a picture into a data address, so that the report needs no other file.

    Parameters
    ----------
    path : Path
        SVG or PNG.

    Returns
    -------
    str
        For the ``src`` of an image.
    """
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{MIME[path.suffix]};base64,{content}"


def fill_template(template: str, content: Mapping[str, Any]) -> str:
    """Fill the template; text is escaped and a missing name is an error.

    Parameters
    ----------
    template : str
        Jinja.
    content : Mapping
        What it names.

    Returns
    -------
    str
        HTML.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.from_string(template).render(**content)


def list_limits(
    *, source: str, classes: Mapping[str, Sequence[str]], folds: int, seeds: int
) -> list[str]:
    """List what a reader must keep in mind.

    Parameters
    ----------
    source : str
        ``dataset.source``.
    classes : Mapping
        Class: its diagnoses.
    folds, seeds : int
        How many of each were run.

    Returns
    -------
    list of str
        A sentence or two each.
    """
    limits = [
        "Not a medical device. Nothing here is fit for the diagnosis of a person.",
        "Intervals cover the draw of test lesions, not the draw of training lesions, "
        f"initial weights or data order ({seeds} seed(s), {folds} fold(s) were run).",
        "Where training sets are balanced by class, validation and test sets keep "
        "natural proportions: probabilities are not calibrated.",
        "Masks of photographs on which the U-Net trained may be better than those of "
        "new ones; the share of each class is stated above.",
    ]
    if folds > 1:
        limits.append(
            "Test photographs of all folds are pooled: AUC and average precision also "
            "rank photographs of different folds, which different networks scored."
        )
    benign = {"bkl", "df", "vasc"} & set(classes.get("Other_SC", ()))
    if benign:
        limits.append(
            "The class name Other_SC (other skin cancers) is that of the 2022 "
            f"reference; of its diagnoses {', '.join(sorted(benign))} are benign."
        )
    if source != "phantom":
        limits.append(
            "HAM10000 comes from two centres, mostly of fair skin, with melanoma "
            "confirmed by histology and many nevi by follow-up: another population "
            "may give other figures."
        )
    return limits
