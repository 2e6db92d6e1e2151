"""Sum up what was found in a data root, for the audit and the page of check_data."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from lesionlab.sources.layout import Layout

SHOWN = 5  # names that stand for all
CROWD = 12  # photographs of a lesion, twice the most that HAM10000 has of one


def sum_up(layout: Layout, table: pd.DataFrame) -> dict[str, Any]:
    """Sum up the examination of every photograph.

    Parameters
    ----------
    layout : Layout
        What stands where.
    table : DataFrame
        One row a row of the tables: ``image_id``, ``key``, ``label``, ``reason`` and
        the fields of :class:`lesionlab.decoding.examination.Finding`.

    Returns
    -------
    dict
        Built-in types only.
    """
    keys = set(table["key"])
    unnamed = sorted(key for key in layout.photographs if key not in keys)
    sound = table[table["reason"] == ""]
    cut = sound[sound["between"] > 0]
    refused = table[table["reason"] != ""]
    return {
        "folders": {
            "photographs": _count_folders(layout.photographs.values()),
            "masks": _count_folders(layout.masks.values()),
        },
        "copies": int(table.drop_duplicates("key")["copies"].sum()),
        "crowded": _count_crowded(sound),
        "without_row": {
            "n": len(unnamed),
            "first": [layout.photographs[key][0] for key in unnamed[:SHOWN]],
        },
        "masks_cut": {
            "n": len(cut),
            "median_between": round(float(cut["between"].median()), 4)
            if len(cut)
            else 0,
            "most_between": round(float(cut["between"].max()), 4) if len(cut) else 0,
        },
        "masks_full": sorted(sound.loc[sound["mask_fraction"] == 1, "image_id"]),
        "kinds": _count(sound["kind"]),
        "oriented": _count(sound["oriented"]),
        "refused": {
            label: _count(rows["reason"])
            for label, rows in refused.groupby(refused["label"].fillna(""))
        },
        "refused_first": {
            reason: sorted(rows["image_id"])[:SHOWN]
            for reason, rows in refused.groupby("reason")
        },
    }


def _count(column: pd.Series) -> dict[str, int]:
    counts = column[column != ""].value_counts()
    return {str(name): int(number) for name, number in counts.items()}


def _count_crowded(sound: pd.DataFrame) -> dict[str, int]:
    """Count photographs of lesions that have more than is likely."""
    counts = _count(sound["lesion_id"].dropna())
    return {name: number for name, number in counts.items() if number > CROWD}


def _count_folders(files: Iterable[tuple[str, ...]]) -> dict[str, int]:
    parents = Counter(str(PurePosixPath(n).parent) for names in files for n in names)
    return dict(sorted(parents.items()))
