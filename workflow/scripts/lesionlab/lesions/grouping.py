"""Decide which pairs of photographs show one lesion, and merge their groups."""

from typing import Any

import pandas as pd

from lesionlab.data.table import link_photographs

# Chosen on the repeat photographs of HAM10000 and on pairs of two diagnoses, never on
# the published pairs: docs/lesions.md.
MIN_INLIERS = 10
MIN_CORRELATION = 0.3
LISTED_INLIERS = 5  # fewer are not worth a look
MERGED, CONFLICT, LISTED = "merged", "conflict", "listed"
COLUMNS = ["image_a", "image_b", "lesion_a", "lesion_b", "label_a", "label_b"]
COLUMNS += ["inliers", "zoom", "turn", "overlap", "correlation", "published"]
COLUMNS += ["decision"]


def decide_matches(
    evidence: pd.DataFrame, published: pd.DataFrame, images: pd.DataFrame
) -> pd.DataFrame:
    """Decide which pairs of photographs are one lesion.

    Parameters
    ----------
    evidence : DataFrame
        From :func:`lesionlab.lesions.matching.match_photographs`.
    published : DataFrame
        ``image_a``, ``image_b`` of pairs that others have published; those of which a
        photograph is not in `images` are left out.
    images : DataFrame
        The image table.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``. ``decision`` is ``merged`` where both limits are reached or
        the pair is published, ``conflict`` where it would be merged but for two labels,
        and ``listed`` for near misses. Merged pairs first, then by ``inliers``.
    """
    known = published[["image_a", "image_b"]]
    known = known[known.isin(set(images["image_id"])).all(axis=1)]
    ordered = [sorted(pair) for pair in known.itertuples(index=False)]
    known = pd.DataFrame(ordered, columns=["image_a", "image_b"], dtype="str")
    table = evidence.merge(
        known.drop_duplicates().assign(published=True),
        on=["image_a", "image_b"],
        how="outer",
    )
    table["published"] = table["published"].notna()
    table["inliers"] = table["inliers"].fillna(0).astype("int64")
    facts = images.set_index("image_id")
    for side in ("a", "b"):
        for fact in ("lesion_id", "label"):
            column = f"{fact.removesuffix('_id')}_{side}"
            table[column] = facts[fact].reindex(table[f"image_{side}"]).to_numpy()
    same = (table["inliers"] >= MIN_INLIERS) & (table["correlation"] >= MIN_CORRELATION)
    same |= table["published"]
    table["decision"] = LISTED
    table.loc[same, "decision"] = MERGED
    table.loc[same & (table["label_a"] != table["label_b"]), "decision"] = CONFLICT
    table = table[same | (table["inliers"] >= LISTED_INLIERS)]
    rank = table["decision"].map({MERGED: 0, CONFLICT: 1, LISTED: 2})
    order = table.assign(rank=rank, fewer=-table["inliers"]).sort_values(
        ["rank", "fewer", "image_a", "image_b"], kind="stable"
    )
    return order[COLUMNS].reset_index(drop=True)


def merge_groups(images: pd.DataFrame, matches: pd.DataFrame) -> pd.Series:
    """Merge the groups of all photographs that are linked by merged pairs.

    Parameters
    ----------
    images : DataFrame
        The image table.
    matches : DataFrame
        From :func:`decide_matches`.

    Returns
    -------
    Series of str
        The new ``group`` of each photograph: the smallest of the old names.
    """
    merged = matches[matches["decision"] == MERGED]
    position = pd.Index(images["image_id"])
    pairs = zip(
        position.get_indexer(merged["image_a"]),
        position.get_indexer(merged["image_b"]),
        strict=True,
    )
    return link_photographs(images["group"], [images["group"]], pairs)


def audit_matches(images: pd.DataFrame, matches: pd.DataFrame) -> dict[str, Any]:
    """Summarise which lesions were merged, by which evidence, and what is doubtful.

    Parameters
    ----------
    images : DataFrame
        The image table with its final groups.
    matches : DataFrame
        From :func:`decide_matches`.

    Returns
    -------
    dict
        Built-in types: ``merged_lesions`` (a list of the old groups of each new one
        that has several, with its pairs), ``conflicts``, ``listed``.
    """
    names = images["lesion_id"].fillna(images["image_id"])
    group = images.set_index("image_id")["group"]
    pairs = matches[matches["decision"] == MERGED]
    by_group = {
        str(name): _describe(part)
        for name, part in pairs.groupby(group.reindex(pairs["image_a"]).to_numpy())
    }
    return {
        "merged_lesions": [
            {"lesions": sorted(set(names[images["group"] == name])), "pairs": evidence}
            for name, evidence in by_group.items()
        ],
        "conflicts": _describe(matches[matches["decision"] == CONFLICT]),
        "listed": _describe(matches[matches["decision"] == LISTED]),
    }


def _describe(pairs: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "images": [pair.image_a, pair.image_b],
            "labels": [pair.label_a, pair.label_b],
            "inliers": int(pair.inliers),
            "correlation": None
            if pd.isna(pair.correlation)
            else float(pair.correlation),
            "published": bool(pair.published),
        }
        for pair in pairs.itertuples()
    ]
