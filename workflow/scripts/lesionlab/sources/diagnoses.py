"""Join the tables of a data root: diagnosis, lesion and patient of each photograph."""

from collections import Counter
from typing import Any

import pandas as pd

from lesionlab.errors import LabError
from lesionlab.sources.layout import Layout
from lesionlab.tables.cells import (
    NONE,
    as_flag,
    other_flags,
    read_ages,
    read_flags,
    read_ids,
    read_lesions,
)
from lesionlab.tables.columns import SPELT, find_column, list_diagnoses
from lesionlab.tables.joining import join_facts, join_truths
from lesionlab.tables.reading import Table, read_table

FACTS = ("lesion_id", "dx_type", "age", "sex", "localization")
ALSO = {  # names of the ISIC archive
    "lesion_id": ("lesion_id",),
    "dx_type": ("dx_type", "diagnosis_confirm_type"),
    "age": ("age", "age_approx"),
    "sex": ("sex",),
    "localization": ("localization", "anatom_site_general"),
    "dataset": ("dataset",),
}
SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}
FEW = 0.5  # share of photographs; fewer with metadata is another data set's table


def read_diagnoses(layout: Layout) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Read the tables of a data root.

    Parameters
    ----------
    layout : Layout
        What stands where.

    Returns
    -------
    table : DataFrame
        Columns ``image_id``, ``key``, ``dx``, ``reason``, ``lesion_id``, ``dx_type``,
        ``age``, ``sex``, ``localization`` and, where the metadata have it, ``dataset``;
        ``reason`` says why a row cannot be used.
    found : dict
        What was read and what was spelt in another way: ``tables``, ``respelt``,
        ``without_metadata``, ``lacking``; built-in types only.

    Raises
    ------
    LabError
        One line that names the file and what is wrong with it.
    """
    tables: list[dict[str, Any]] = []
    lacking = ["no metadata: lesions, age, sex and site are unknown"]
    spelt = Counter[str]()
    facts = None
    if layout.truths:
        read = [(n, _read(layout, n, "diagnoses", tables)) for n in layout.truths]
        rows = [(name, _read_truth(truth, spelt)) for name, truth in read]
        table = join_truths(layout.root, rows)
    if layout.metadata:
        facts = _gather_facts(layout, tables, spelt)
        names = " and ".join(layout.metadata)
        absent = [name for name in FACTS if facts[name].isna().all()]
        lacking = [f"{names} says nothing of {name}" for name in absent]
    if not layout.truths:
        assert facts is not None
        table = facts[["image_id", "key", "dx"]].assign(reason="")
        table.loc[table["dx"] == "", "reason"] = "unknown dx: none named"
    table = _mark_repeated(table)
    unmatched: list[str] = []
    if facts is None:
        table[list(FACTS)] = None
    else:
        table, unmatched = _join(table, facts, layout)
    found = {
        "tables": tables,
        "set_aside": dict(layout.set_aside),
        "respelt": dict(sorted(spelt.items())),
        "without_metadata": unmatched,
        "lacking": lacking,
    }
    return table, found


def _read(layout: Layout, name: str, role: str, tables: list[dict[str, Any]]) -> Table:
    table = read_table(layout.root / name)
    tables.append(
        {
            "file": name,
            "role": role,
            "rows": len(table.rows),
            "encoding": table.encoding,
            "separator": table.separator,
        }
    )
    return table


def _gather_facts(
    layout: Layout, tables: list[dict[str, Any]], spelt: Counter[str]
) -> pd.DataFrame:
    """Read and join the metadata; ``clash`` marks rows of one id that differ."""
    read = [(n, _read(layout, n, "metadata", tables)) for n in layout.metadata]
    headers = {column for _, table in read for column in table.header}
    for name in ("lesion_id",) if layout.truths else ("lesion_id", "dx"):
        if name not in headers:
            first = read[0][1]
            raise LabError(
                f"{first.path}: no column {name}; its columns are "
                f"{', '.join(filter(None, first.header))}; name it so, or move the "
                "table away to count each photograph as its own lesion"
            )
    parts = []
    for name, table in read:
        # the ids of a table of diagnoses were counted when it was read as one
        own = spelt if name not in layout.truths else Counter[str]()
        columns = {
            c: find_column(table.header, ALSO.get(c, (c,))) for c in [*ALSO, "dx"]
        }
        parts.append((name, columns, _read_facts(table, own)))
    facts = join_facts(layout.root, parts)
    for name in FACTS:
        if name not in facts:
            facts[name] = None
    return facts


def _read_truth(table: Table, spelt: Counter[str]) -> pd.DataFrame:
    columns = list_diagnoses(table.header)
    if not columns:
        raise LabError(
            f"{table.path}: no column of a diagnosis such as MEL; its columns are "
            f"{', '.join(filter(None, table.header))}"
        )
    names = [SPELT.get(name, name) for name in columns]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise LabError(f"{table.path}: two columns mean {repeated[0]}; keep one")
    rows = read_ids(table, spelt)
    flags = pd.DataFrame(
        {n: read_flags(table, c) for n, c in zip(names, columns, strict=True)}
    )
    marked = flags > 0.5
    rows["dx"] = marked.idxmax(axis=1).where(marked.sum(axis=1) == 1, "")
    rows["reason"] = ""
    several = marked.sum(axis=1) > 1
    rows.loc[several, "reason"] = [
        f"several dx: {' and '.join(marked.columns[row])}"
        for row in marked[several].to_numpy()
    ]
    none = ~marked.any(axis=1)
    rows.loc[none, "reason"] = "unknown dx: none marked"
    for name in other_flags(table, columns):
        here = none & pd.Series(table.column(name)).map(as_flag).eq(1)
        rows.loc[here, ["dx", "reason"]] = name, f"unknown dx: {name}"
    return rows


def _read_facts(table: Table, spelt: Counter[str]) -> pd.DataFrame:
    """Read metadata: a row a photograph, and the columns of :data:`ALSO` it has."""
    rows = read_ids(table, spelt)
    for name, spellings in ALSO.items():
        column = find_column(table.header, spellings)
        if column is None:
            continue
        cells = table.column(column)
        if name == "age":
            rows[name] = read_ages(table, column, cells)
        elif name == "lesion_id":
            rows[name] = read_lesions(cells, table, spelt)
        else:
            known = [None if cell.lower() in NONE else cell for cell in cells]
            spell = SEXES if name == "sex" else {}
            rows[name] = [spell.get(str(cell).lower(), cell) for cell in known]
    if "dx" in table.header:
        rows["dx"] = [_spell_dx(cell) for cell in table.column("dx")]
    return rows


def _spell_dx(cell: str) -> str:
    name = cell.lower()
    return "" if name in NONE else SPELT.get(name, name)


def _mark_repeated(table: pd.DataFrame) -> pd.DataFrame:
    """Refuse rows that repeat an id, and all of them where they disagree."""
    repeated = table["key"].duplicated()
    disagree = table.groupby("key")["dx"].transform("nunique") > 1
    table.loc[repeated, "reason"] = "duplicate id"
    table.loc[disagree & (table["reason"] != "duplicate id"), "reason"] = (
        "diagnoses disagree"
    )
    return table


def _join(
    table: pd.DataFrame, facts: pd.DataFrame, layout: Layout
) -> tuple[pd.DataFrame, list[str]]:
    """Give each photograph its row of the metadata."""
    columns = [c for c in facts if c not in ("image_id", "dx", "clash")]
    facts = facts.rename(columns={"dx": "dx_metadata"})
    clash = set(facts.loc[facts["clash"], "key"])
    known = set(facts["key"])
    keys = table["key"].drop_duplicates()
    matched = keys.isin(known)
    if matched.mean() < FEW:
        first = table.loc[~table["key"].isin(known), "image_id"].iloc[0]
        raise LabError(
            f"{layout.root}: {' and '.join(layout.metadata)} names "
            f"{int(matched.sum())} of the {len(keys)} photographs of "
            f"{' and '.join(layout.truths)}: there an id is {first!r}, "
            f"here {facts['image_id'].iloc[0]!r}; mend the ids, or move the metadata "
            "away to count each photograph as its own lesion"
        )
    extra = ["dx_metadata"] if "dx_metadata" in facts else []
    once = facts.drop_duplicates("key")[[*columns, *extra]]
    table = table.merge(once, on="key", how="left")
    fine = table["reason"] == ""
    if extra:
        named = table["dx_metadata"].notna() & (table["dx_metadata"] != "")
        other = named & (table["dx_metadata"] != table["dx"])
        table.loc[other & fine, "reason"] = "diagnoses disagree"
    table.loc[table["key"].isin(clash) & fine, "reason"] = "metadata disagree"
    unmatched = table.loc[~table["key"].isin(known), "image_id"].tolist()
    return table, sorted(set(unmatched))
