"""Build the image table: one row a sound photograph, and the quarantine of the rest."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from lesionlab.data.layout import (
    IMAGES,
    MASK_SUFFIX,
    MASKS,
    METADATA,
    PHOTOGRAPH_SUFFIXES,
    TRUTH,
    check_layout,
)
from lesionlab.data.photographs import Finding, examine
from lesionlab.errors import LabError
from lesionlab.files import read_csv

COLUMNS = ["image_id", "lesion_id", "group", "dx", "label", "dx_type", "age", "sex"]
COLUMNS += ["localization", "image", "mask", "width", "height", "sha256"]
COLUMNS += ["pixels_sha256", "mask_fraction"]
FACTS = ["lesion_id", "dx_type", "age", "sex", "localization"]
DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def read_diagnoses(root: Path) -> pd.DataFrame:
    """Read the tables of a data root.

    Parameters
    ----------
    root : Path
        In the Kaggle layout.

    Returns
    -------
    DataFrame
        Columns ``image_id``, ``dx``, ``reason`` and those of the metadata, empty where
        there is none; ``reason`` says why a row cannot be used.

    Raises
    ------
    LabError
        If a table lacks a column.
    """
    check_layout(root)
    truth = read_csv(root / TRUTH)
    names = {name.lower(): name for name in truth.columns}
    if "image" not in names:
        raise LabError(f"{root / TRUTH}: no column image")
    present = [dx for dx in DIAGNOSES if dx in names]
    if not present:
        raise LabError(f"{root / TRUTH}: no column of a diagnosis such as MEL")
    flags = truth[[names[dx] for dx in present]].set_axis(present, axis=1) > 0.5
    table = pd.DataFrame(
        {"image_id": truth[names["image"]].astype("str"), "dx": flags.idxmax(axis=1)}
    )
    table["reason"] = ""
    table.loc[flags.sum(axis=1) != 1, "reason"] = "unknown dx"
    if (root / METADATA).is_file():
        table = _join_metadata(table, root / METADATA)
    else:
        table[FACTS] = None
    table.loc[table["image_id"].duplicated(), "reason"] = "duplicate id"
    return table


def _join_metadata(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    facts = read_csv(path)
    missing = {"image_id", "dx", *FACTS} - set(facts.columns)
    if missing:
        raise LabError(f"{path}: no column {min(missing)}")
    facts = facts.drop_duplicates("image_id").rename(columns={"dx": "dx_metadata"})
    table = table.merge(facts, on="image_id", how="left")
    other = table["dx_metadata"].notna() & (table["dx_metadata"] != table["dx"])
    table.loc[other & (table["reason"] == ""), "reason"] = "diagnoses disagree"
    return table.drop(columns="dx_metadata")


def examine_all(
    root: Path, names: Sequence[str], *, workers: int
) -> tuple[list[str], list[Finding]]:
    """Examine every photograph in parallel processes.

    Parameters
    ----------
    root : Path
        In the Kaggle layout.
    names : sequence of str
        Image ids.
    workers : int
        Processes.

    Returns
    -------
    files : list of str
        Names of the photographs' files relative to `root`.
    findings : list of Finding
        In the order of `names`.
    """
    found = {
        path.stem: path.name
        for path in (root / IMAGES).iterdir()
        if path.suffix.lower() in PHOTOGRAPH_SUFFIXES
    }
    files = [f"{IMAGES}/{found.get(name, f'{name}.jpg')}" for name in names]
    jobs = (
        delayed(examine)(root / file, root / MASKS / f"{name}{MASK_SUFFIX}")
        for name, file in zip(names, files, strict=True)
    )
    findings = Parallel(workers, return_as="generator", batch_size=32)(jobs)
    bar = tqdm(findings, "photographs", len(names), unit="img", disable=None)
    return files, list(bar)


def build_table(
    root: Path, *, classes: Mapping[str, Sequence[str]], workers: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Build the image table and the quarantine.

    Parameters
    ----------
    root : Path
        In the Kaggle layout.
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

    Raises
    ------
    LabError
        If nothing sound is left.
    """
    table = read_diagnoses(root)
    labels = {dx: label for label, group in classes.items() for dx in group}
    table["label"] = table["dx"].map(labels)
    foreign = table["label"].isna() & (table["reason"] == "")
    table.loc[foreign, "reason"] = "unknown dx"
    table = table.sort_values("image_id", kind="stable").reset_index(drop=True)
    table["image"], findings = examine_all(root, table["image_id"], workers=workers)
    table["mask"] = [f"{MASKS}/{name}{MASK_SUFFIX}" for name in table["image_id"]]
    facts = pd.DataFrame([vars(finding) for finding in findings])
    table["reason"] = table["reason"].where(table["reason"] != "", facts["reason"])
    table = table.join(facts.drop(columns="reason"))
    refused = table["reason"] != ""
    quarantine = table.loc[refused, ["image_id", "image", "reason"]]
    images = table[~refused].copy()
    if images.empty:
        first = quarantine["reason"].mode()
        why = f"{len(quarantine)} refused, most: {first[0]}" if len(first) else "empty"
        raise LabError(f"{root}: no usable photograph ({why})")
    images["group"] = group_photographs(images)
    return images[COLUMNS], quarantine.rename(columns={"image": "file"})


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
