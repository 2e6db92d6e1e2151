"""For whom an operating point fails: subgroups of the test photographs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lesionlab.bundle.operating import score_decisions

FEW = 10  # lesions; of fewer a share says nothing
UNKNOWN = "unknown"
AGES = ((0, 40, "under 40"), (40, 60, "40 to 59"), (60, 200, "60 and over"))
# what the image table may hold of a photograph, and its name for people
KNOWN = {
    "age": "age",
    "sex": "sex",
    "localization": "body site",
    "dataset": "source",
    "dx": "diagnosis",
}
SKIN = "skin type"  # which no table of this layout names


def score_subgroups(
    images: pd.DataFrame,
    sent: np.ndarray,
    diseased: np.ndarray,
    *,
    confidence: float,
) -> list[dict[str, Any]]:
    """Score an operating point in every subgroup that the image table tells.

    Parameters
    ----------
    images : DataFrame
        Of the test photographs: ``group`` and columns of :data:`KNOWN`.
    sent, diseased : ndarray of bool, shape (N,)
        Whether each is sent on, and should be.
    confidence : float
        Of the intervals, in 0..1.

    Returns
    -------
    list of dict
        ``by``, ``name``, ``photographs``, ``lesions`` (diseased and other ones) and, in
        a subgroup of at least ten lesions of a kind, its ``sensitivity`` or
        ``specificity`` with interval; None otherwise.
    """
    rows = []
    for by, name, own in _name_subgroups(images):
        groups = images.loc[own, "group"]
        counts = [int(groups[kind[own]].nunique()) for kind in (diseased, ~diseased)]
        scores = score_decisions(
            sent[own], diseased[own], groups.tolist(), confidence=confidence
        )
        known = zip(scores.items(), counts, strict=True)
        rows.append(
            {
                "by": by,
                "name": name,
                "photographs": int(own.sum()),
                "lesions": counts,
                **{key: figure if n >= FEW else None for (key, figure), n in known},
            }
        )
    return rows


def list_untold(images: pd.DataFrame) -> list[str]:
    """List by what nothing was tested, since the image table does not tell it."""
    untold = [name for column, name in KNOWN.items() if not _tells(images, column)]
    return [SKIN, *untold]


def _tells(images: pd.DataFrame, column: str) -> bool:
    if column not in images:
        return False
    values = images[column].dropna().astype(str)
    return bool((values != UNKNOWN).any())


def _name_subgroups(images: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    for column, title in KNOWN.items():
        if not _tells(images, column):
            continue
        if column == "age":
            ages = pd.to_numeric(images["age"], errors="coerce")
            for low, high, name in AGES:
                yield title, name, ages.between(low, high, inclusive="left").to_numpy()
            continue
        values = images[column].astype("object").fillna(UNKNOWN).astype(str)
        for name in sorted(values.unique()):
            yield title, name, (values == name).to_numpy()
