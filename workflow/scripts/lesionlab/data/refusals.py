"""Say in one line why a data root cannot be used: which file, why, and the mend."""

from pathlib import Path

import pandas as pd

from lesionlab.errors import LabError
from lesionlab.sources.layout import Layout

EXCHANGED = "lesion and skin exchanged"
MENDS = {
    "no photograph": "mend the ids, or bring the photographs",
    "no mask": "mend the names of the masks, or bring them",
    "two photographs": "keep the one that is meant",
    "two masks": "keep the one that is meant",
    "truncated": "copy or download it again",
    "damaged": "copy or download it again",
    "unreadable": "copy or download it again",
    "a Git LFS pointer": "run `git lfs pull`",
    "wrong size": "photographs have 32 pixels a side at least",
    "mask truncated": "copy or download it again",
    "mask damaged": "copy or download it again",
    "mask unreadable": "copy or download it again",
    "mask a Git LFS pointer": "run `git lfs pull`",
    "mask size": "take masks and photographs of one size",
    "mask empty": "the lesion must be the brighter of two values",
    "mask not binary": "masks have two values, the lesion being the brighter",
    "mask an outline": "fill it",
    EXCHANGED: "invert the mask",
    "diagnoses disagree": "mend one of the tables, or move it away",
}


def refuse_packed(layout: Layout, table: pd.DataFrame) -> None:
    """Refuse a root in which photographs or masks are missing and archives lie.

    Parameters
    ----------
    layout : Layout
        What stands where.
    table : DataFrame
        Columns ``image_id``, ``key`` and ``reason``.

    Raises
    ------
    LabError
        Names an archive.
    """
    if not layout.archives:
        return
    wanted = table[table["reason"] == ""]
    for kind, files in (("photograph", layout.photographs), ("mask", layout.masks)):
        lacking = wanted.loc[~wanted["key"].isin(set(files)), "image_id"]
        if len(lacking):
            raise LabError(
                f"{layout.root}: {len(lacking)} of {len(wanted)} {kind}s that the "
                f"tables name are not there, such as {lacking.iloc[0]}, and "
                f"{layout.archives[0]} is packed; unpack it, or move it away"
            )


def refuse_exchanged(table: pd.DataFrame, root: Path) -> None:
    """Refuse masks most of which mark the skin around a lesion.

    Parameters
    ----------
    table : DataFrame
        Columns ``reason`` and ``mask``.
    root : Path
        Of the data.

    Raises
    ------
    LabError
        Names one of them.
    """
    judged = table[table["reason"].isin(["", EXCHANGED])]
    outside = judged[judged["reason"] == EXCHANGED]
    if len(outside) > len(judged) / 2:
        raise LabError(
            f"{root}: {len(outside)} of {len(judged)} masks mark all four corners, "
            f"such as {outside['mask'].iloc[0]}: lesion and skin seem to have changed "
            "places; the lesion must be the brighter: invert the masks"
        )


def explain_refusals(table: pd.DataFrame, layout: Layout) -> str:
    """Say why most rows are refused, of which file one is, and how to mend it.

    Parameters
    ----------
    table : DataFrame
        Columns ``image_id``, ``dx``, ``reason``, ``image``, ``mask`` and ``sizes``.
    layout : Layout
        What stands where.

    Returns
    -------
    str
    """
    reason = str(table["reason"].mode()[0])
    row = table[table["reason"] == reason].iloc[0]
    text = f"{len(table)} refused, most: {reason}"
    files = {"no photograph": layout.photographs, "no mask": layout.masks}
    if reason == "diagnoses disagree":
        text += f"; {row['image_id']} is {row['dx']} in {' and '.join(layout.truths)}"
        text += f", {row.get('dx_metadata')} in {' and '.join(layout.metadata)}"
    elif reason in files:
        text += f"; the tables name {row['image_id']}, a file "
        text += next(iter(files[reason].values()))[0]
    else:
        text += f"; such as {row['mask' if _is_of_mask(reason) else 'image']}"
        text += f" ({row['sizes']})" * (reason == "mask size")
    return f"{text}; {MENDS.get(reason, 'docs/data.md says what is read')}"


def _is_of_mask(reason: str) -> bool:
    return "mask" in reason or reason == EXCHANGED
