"""Build the image table: one row a sound photograph, and the quarantine of the rest."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from lesionlab.data.refusals import explain_refusals, refuse_exchanged, refuse_packed
from lesionlab.decoding.examination import Finding, examine
from lesionlab.errors import LabError
from lesionlab.sources.diagnoses import read_diagnoses
from lesionlab.sources.found import sum_up
from lesionlab.sources.layout import Layout, find_layout

COLUMNS = ["image_id", "lesion_id", "group", "dx", "label", "dx_type", "age", "sex"]
COLUMNS += ["localization", "image", "mask", "width", "height", "sha256"]
COLUMNS += ["pixels_sha256", "mask_fraction"]
FURTHER = ["dataset"]  # only where the metadata have it


def examine_all(layout: Layout, keys: Sequence[str], *, workers: int) -> list[Finding]:
    """Examine every photograph in parallel processes.

    Parameters
    ----------
    layout : Layout
        What stands where.
    keys : sequence of str
        Of the photographs, as in the layout.
    workers : int
        Processes.

    Returns
    -------
    list of Finding
        In the order of `keys`.
    """
    jobs = (
        delayed(examine)(
            layout.root, layout.photographs.get(key, ()), layout.masks.get(key, ())
        )
        for key in keys
    )
    findings = Parallel(workers, return_as="generator", batch_size=32)(jobs)
    return list(tqdm(findings, "photographs", len(keys), unit="img", disable=None))


def index_root(
    root: Path, *, classes: Mapping[str, Sequence[str]], workers: int
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Build the image table and the quarantine, and say what was found.

    Parameters
    ----------
    root : Path
        In any layout that docs/data.md names.
    classes : Mapping
        Class: its diagnoses.
    workers : int
        Processes that decode.

    Returns
    -------
    images : DataFrame
        One row a sound photograph, sorted by ``image_id``.
    quarantine : DataFrame
        ``image_id``, ``file``, ``reason`` of every other row of the tables.
    found : dict
        What :func:`lesionlab.sources.diagnoses.read_diagnoses` and
        :func:`lesionlab.sources.found.sum_up` found.

    Raises
    ------
    LabError
        If a table cannot be read, or nothing sound is left.
    """
    layout = find_layout(root)
    table, found = read_diagnoses(layout)
    labels = {dx: label for label, group in classes.items() for dx in group}
    table["label"] = table["dx"].map(labels)
    foreign = table["label"].isna() & (table["reason"] == "")
    table.loc[foreign, "reason"] = "unknown dx: " + table["dx"]
    table = table.sort_values("image_id", kind="stable").reset_index(drop=True)
    refuse_packed(layout, table)
    findings = examine_all(layout, table["key"], workers=workers)
    facts = pd.DataFrame([vars(finding) for finding in findings])
    table["reason"] = table["reason"].where(table["reason"] != "", facts["reason"])
    table = table.join(facts.drop(columns="reason")).rename(columns={"file": "image"})
    found |= sum_up(layout, table)
    refuse_exchanged(table, root)
    refused = table["reason"] != ""
    quarantine = table.loc[refused, ["image_id", "image", "reason"]]
    images = table[~refused].copy()
    if images.empty:
        raise LabError(
            f"{root}: no usable photograph ({explain_refusals(table, layout)})"
        )
    images["group"] = group_photographs(images)
    columns = COLUMNS + [name for name in FURTHER if name in images]
    return images[columns], quarantine.rename(columns={"image": "file"}), found


def group_photographs(images: pd.DataFrame) -> pd.Series:
    """Merge photographs of one lesion, and exact duplicates, into groups.

    Parameters
    ----------
    images : DataFrame
        Columns ``image_id``, ``lesion_id`` (may be missing) and ``pixels_sha256``
        of the decoded photograph.

    Returns
    -------
    Series of str
        The smallest lesion_id of the group, or image_id where there is none.
    """
    names = images["lesion_id"].fillna(images["image_id"]).astype("str")
    return link_photographs(names, [names, images["pixels_sha256"]], [])


def link_photographs(
    names: pd.Series, shared: Sequence[pd.Series], pairs: Iterable[tuple[int, int]]
) -> pd.Series:
    """Give photographs that are linked, directly or through others, one name.

    Parameters
    ----------
    names : Series of str
        Of each photograph.
    shared : sequence of Series
        Photographs with an equal value in one of them are linked.
    pairs : iterable of tuple of int
        Positions of further linked photographs.

    Returns
    -------
    Series of str
        The smallest name among all that are linked.
    """
    count = len(names)
    rows, columns = [*range(count)], [*range(count)]
    size = count
    for column in shared:
        values = pd.factorize(column)[0] + size
        rows += range(count)
        columns += values.tolist()
        size = int(values.max()) + 1
    for a, b in pairs:
        rows.append(a)
        columns.append(b)
    graph = coo_array(([1] * len(rows), (rows, columns)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][:count]
    return names.groupby(part).transform("min")
