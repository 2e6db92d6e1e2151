"""The table of predictions: what stands in its columns, and what they mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lesionlab.application.engine import Opinion
from lesionlab.application.likeness import SCORES
from lesionlab.bundle.manifest import Bundle

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a spreadsheet tells one


def answer_arm(bundle: Bundle) -> str:
    """Name the arm whose decision counts where one is wanted: the first that is used.

    Parameters
    ----------
    bundle : Bundle
        The networks.

    Returns
    -------
    str
    """
    return str(bundle.facts["training"]["arm"])


def escape_formula(name: str) -> str:
    """Put a quote before a name that a spreadsheet would take for a formula."""
    return f"'{name}" if name.startswith(FORMULA) else name


def list_columns(bundle: Bundle) -> dict[str, str]:
    """List the columns of the table and what each means.

    Parameters
    ----------
    bundle : Bundle
        The networks.

    Returns
    -------
    dict
        By name, in their order; the arm that answers comes first.
    """
    columns = {
        "file": "name of the file below the folder",
        "reason": "why it was refused; empty if it was judged",
        "warnings": "what is unlike the training data, separated by '; '",
        "width": "pixels, as a person sees it",
        "height": "pixels, as a person sees it",
        "mask": "its mask, white on the lesion, beside the table",
        "lesion_pixels": "area of the lesion in pixels of the photograph",
        "lesion_share": "area of the lesion as a share of the photograph, 0..1",
    }
    positive = bundle.facts["positive_class"]
    for arm in list_arms(bundle):
        for name in bundle.classes:
            columns[f"{arm}_prob_{name}"] = (
                f"calibrated probability of {name} by arm {arm}, 0..1"
            )
        for point in bundle.facts["arms"][arm]["operating_points"]:
            columns[f"{arm}_sent_at_{point['wanted']}"] = (
                f"whether the probability of {positive} by arm {arm} is at least "
                f"{point['threshold']:.6f}, chosen to find {point['wanted']} of them"
            )
    nearest = "image_id of the training photographs that it is most like, nearest first"
    return {
        **columns,
        **{name: f"score of the warning '{words}'" for name, (_, words) in _measured()},
        "nearest": nearest,
    }


def _measured() -> list[tuple[str, tuple[str, str]]]:
    """Scores of likeness that are no column of their own yet."""
    return [(name, about) for name, about in SCORES.items() if name != "lesion_share"]


def list_arms(bundle: Bundle) -> list[str]:
    """List the arms, that which answers first."""
    first = answer_arm(bundle)
    return [first, *(arm for arm in bundle.facts["arms"] if arm != first)]


def describe(bundle: Bundle, opinion: Opinion) -> dict[str, Any]:
    """Put an opinion into the columns of a row.

    Parameters
    ----------
    bundle : Bundle
        Whose networks it is of.
    opinion : Opinion
        Of one photograph.

    Returns
    -------
    dict
        Columns of :func:`list_columns` but for names of files: size, lesion area,
        probabilities and decisions under every arm, warnings and their scores.
    """
    height, width = opinion.mask.shape
    area = int(np.count_nonzero(opinion.mask))
    row: dict[str, Any] = {
        "warnings": "; ".join(opinion.warnings),
        "width": width,
        "height": height,
        "lesion_pixels": area,
        "lesion_share": round(area / opinion.mask.size, 6),
    }
    for arm in list_arms(bundle):
        probabilities = opinion.probabilities[arm]
        for name, p in zip(bundle.classes, probabilities, strict=True):
            row[f"{arm}_prob_{name}"] = round(float(p), 6)
        for point in bundle.facts["arms"][arm]["operating_points"]:
            sent = bool(probabilities[bundle.positive] >= point["threshold"])
            row[f"{arm}_sent_at_{point['wanted']}"] = sent
    for name, _ in _measured():
        row[name] = round(opinion.scores[name], 6)
    return row


def summarise(
    bundle: Bundle, identity: Mapping[str, Any], counts: Mapping[str, int]
) -> dict[str, Any]:
    """Say what a finished table is made from, and what stands in it.

    Parameters
    ----------
    bundle : Bundle
        The networks.
    identity : Mapping
        Of the prediction.
    counts : Mapping
        Files that were ``judged``, ``refused`` and ``warned``.

    Returns
    -------
    dict
        For the file beside the table.
    """
    return {
        **identity,
        "run": bundle.facts["run"],
        "answer": answer_arm(bundle),
        "files": {
            name: counts.get(name, 0) for name in ("judged", "refused", "warned")
        },
        "columns": list_columns(bundle),
        "research_only": "research software, not a medical device",
    }
