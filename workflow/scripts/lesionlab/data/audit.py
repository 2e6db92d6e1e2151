"""Audit the image table: counts, duplicates, and what a reader should know."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

NEARLY_FULL = 0.98
SHOWN = 10  # photographs without a lesion_id that are named


def audit_table(
    images: pd.DataFrame, quarantine: pd.DataFrame, *, classes: Sequence[str]
) -> dict[str, Any]:
    """Audit the image table.

    Parameters
    ----------
    images, quarantine : DataFrame
        From :func:`lesionlab.data.table.index_root`.
    classes : sequence of str
        In the order in which they are reported.

    Returns
    -------
    dict
        Built-in types only. ``merged_groups`` lists the photographs of every group that
        exact duplicates hold together or enlarge; ``mixed_groups`` those groups whose
        photographs bear more than one label, which is an error in the data.
    """
    labels = images["label"].value_counts()
    by_group = images.groupby("group")
    mixed = by_group["label"].nunique()
    sizes = images.groupby(["width", "height"]).size()
    per_lesion = by_group.size().value_counts().sort_index()
    full = images["mask_fraction"] > NEARLY_FULL
    without = images.loc[images["lesion_id"].isna(), "image_id"]
    audit = {
        "n": len(images),
        "n_lesions": int(images["lesion_id"].nunique()),
        "n_groups": int(images["group"].nunique()),
        "lesion_ids_known": bool(images["lesion_id"].notna().all()),
        "without_lesion_id": {"n": len(without), "first": sorted(without)[:SHOWN]},
        "by_label": {name: int(labels.get(name, 0)) for name in classes},
        "class_ratio": {
            name: round(float(labels.get(name, 0)) / len(images), 6) for name in classes
        },
        "by_dx": _count(images["dx"]),
        "by_dx_type": _count(images["dx_type"]),
        "by_sex": _count(images["sex"]),
        "age_missing": int(images["age"].isna().sum()),
        "photographs_per_group": {str(k): int(v) for k, v in per_lesion.items()},
        "sizes": {f"{w}x{h}": int(number) for (w, h), number in sizes.items()},
        "exact_duplicates": _duplicates(images),
        "mixed_groups": sorted(mixed.index[mixed > 1]),
        "masks_nearly_full": sorted(images.loc[full, "image_id"]),
        "quarantine": _count(quarantine["reason"]),
    }
    if "dataset" in images:
        audit["by_dataset"] = count_sources(images, classes)
    return audit


def count_sources(
    images: pd.DataFrame, classes: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Count the photographs of each source, the metadata's ``dataset``, by class.

    Parameters
    ----------
    images : DataFrame
        The image table, with the column ``dataset``.
    classes : sequence of str
        In their order.

    Returns
    -------
    dict
        Source: class: count; photographs of no named source under ``unknown``.
    """
    sources = images["dataset"].astype("object").fillna("unknown")
    table = pd.crosstab(sources, images["label"]).reindex(
        columns=list(classes), fill_value=0
    )
    return {
        str(name): {label: int(row[label]) for label in classes}
        for name, row in table.iterrows()
    }


def _count(column: pd.Series) -> dict[str, int]:
    counts = column.dropna().value_counts()
    return {str(name): int(number) for name, number in counts.items()}


def _duplicates(images: pd.DataFrame) -> list[list[str]]:
    repeated = images[images["pixels_sha256"].duplicated(keep=False)]
    groups = repeated.groupby("pixels_sha256")["image_id"]
    return sorted(sorted(names) for _, names in groups)
