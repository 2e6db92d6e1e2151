"""Join the tables of a data root into one row a photograph: diagnosis, lesion, patient."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from lesionlab.errors import LabError
from lesionlab.sources.layout import (
    IDS,
    SPELT,
    Layout,
    find_column,
    list_diagnoses,
)
from lesionlab.sources.names import clean_id, id_key
from lesionlab.sources.tables import SAVE, Table, read_table

FACTS = ("lesion_id", "dx_type", "age", "sex", "localization")
ALSO = {  # names of the ISIC archive
    "lesion_id": ("lesion_id",),
    "dx_type": ("dx_type", "diagnosis_confirm_type"),
    "age": ("age", "age_approx"),
    "sex": ("sex",),
    "localization": ("localization", "anatom_site_general"),
    "dataset": ("dataset",),
}
YES_NO = {"true": 1.0, "false": 0.0}
ALLOWED = "allowed: 0 and 1, or true and false"
NONE = {"", "na", "n/a", "nan", "none", "null", "-"}
NO_LESION = NONE | {"unknown", "?"}  # else all such photographs would be one lesion
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
    tables, lacking = [], []
    spelt = Counter[str]()
    facts = None
    if layout.metadata:
        metadata = read_table(layout.root / layout.metadata)
        tables.append(_describe(layout, metadata, layout.metadata, "metadata"))
        own = layout.metadata != layout.truth  # else its ids are counted below
        facts = _read_facts(metadata, bool(layout.truth), spelt if own else Counter())
        absent = [name for name in FACTS if facts[name].isna().all()]
        lacking += [f"{layout.metadata} says nothing of {name}" for name in absent]
    else:
        lacking.append("no metadata: lesions, age, sex and site are unknown")
    if layout.truth:
        truth = read_table(layout.root / layout.truth)
        tables.insert(0, _describe(layout, truth, layout.truth, "diagnoses"))
        table = _read_truth(truth, spelt)
    else:
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


def _describe(layout: Layout, table: Table, name: str, role: str) -> dict[str, Any]:
    return {
        "file": name,
        "role": role,
        "rows": len(table.rows),
        "encoding": table.encoding,
        "separator": table.separator,
    }


def _read_ids(table: Table, spelt: Counter[str]) -> pd.DataFrame:
    """Read the column of ids; two spellings of one id are an error."""
    name = find_column(table.header, IDS)
    if name is None:
        raise LabError(
            f"{table.path}: no column {' or '.join(IDS[:2])}; its columns are "
            f"{', '.join(table.header)}"
        )
    written = table.column(name)
    seen: dict[str, tuple[str, int]] = {}
    for text, line in zip(written, table.lines, strict=True):
        if not clean_id(text):
            raise LabError(f"{table.path}: line {line}, column {name}: no id")
        if not text.isascii() and table.encoding == "latin-1":
            raise LabError(
                f"{table.path}: line {line}, column {name}: {text!r} is not UTF-8; "
                f"{SAVE}"
            )
        first, first_line = seen.setdefault(id_key(text), (text, line))
        if first != text:
            raise LabError(
                f"{table.path}: {first!r} in line {first_line} and {text!r} in line "
                f"{line} are one id but for suffix and case; keep one of them, or "
                "rename one photograph"
            )
    ids = [clean_id(text) for text in written]
    respelt = sum(text != clean for text, clean in zip(written, ids, strict=True))
    if respelt:
        spelt[f"ids in {table.path.name}"] += respelt
    return pd.DataFrame({"image_id": ids, "key": [id_key(text) for text in written]})


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
    rows = _read_ids(table, spelt)
    flags = pd.DataFrame({n: _read_flags(table, c) for n, c in zip(names, columns, strict=True)})
    marked = flags > 0.5
    rows["dx"] = marked.idxmax(axis=1).where(marked.any(axis=1), "")
    rows["reason"] = ""
    several = marked.sum(axis=1) > 1
    rows.loc[several, "reason"] = [
        f"unknown dx: {' and '.join(marked.columns[row])}"
        for row in marked[several].to_numpy()
    ]
    none = rows["dx"] == ""
    rows.loc[none, "reason"] = "unknown dx: none marked"
    for name in _other_flags(table, columns):
        here = none & pd.Series(table.column(name)).map(_as_flag).eq(1)
        rows.loc[here, ["dx", "reason"]] = name, f"unknown dx: {name}"
    return rows


def _read_flags(table: Table, name: str) -> list[float]:
    flags = []
    for cell, line in zip(table.column(name), table.lines, strict=True):
        flag = _as_flag(cell, comma=table.separator != "comma")
        if flag is None:
            raise LabError(
                f"{table.path}: line {line}, column {name.upper()}: {cell!r} is no "
                f"flag; {ALLOWED}"
            )
        flags.append(flag)
    return flags


def _as_flag(cell: str, *, comma: bool = False) -> float | None:
    """Read a number of 0 to 1; with a decimal comma where it separates no cells."""
    if cell.lower() in YES_NO:
        return YES_NO[cell.lower()]
    number = _as_number(cell, comma=comma)
    return None if number is None or not 0 <= number <= 1 else number


def _as_number(cell: str, *, comma: bool) -> float | None:
    try:
        number = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in cell else None


def _other_flags(table: Table, known: Sequence[str]) -> list[str]:
    """List columns of flags that may be a diagnosis under a name of its own."""
    names = [n for n in table.header if n and n not in known and n not in IDS]
    return [n for n in names if all(_as_flag(c) is not None for c in table.column(n))]


def _read_facts(table: Table, has_truth: bool, spelt: Counter[str]) -> pd.DataFrame:
    """Read the metadata: one row a photograph, columns of :data:`ALSO` and ``dx``."""
    rows = _read_ids(table, spelt)
    wanted = ("lesion_id",) if has_truth else ("lesion_id", "dx")
    for name in wanted:
        if name not in table.header:
            columns = ", ".join(filter(None, table.header))
            raise LabError(
                f"{table.path}: no column {name}; its columns are {columns}; name it "
                "so, or move the table away to count each photograph as its own lesion"
            )
    for name, spellings in ALSO.items():
        column = find_column(table.header, spellings)
        if column is None:
            if name in FACTS:
                rows[name] = None
            continue
        cells = table.column(column)
        if name == "age":
            rows[name] = _read_ages(table, column, cells)
        elif name == "lesion_id":
            rows[name] = _read_lesions(cells, table, spelt)
        else:
            empty = {"", "na", "nan"}
            rows[name] = [None if cell.lower() in empty else cell for cell in cells]
    if "dx" in table.header:
        rows["dx"] = [_spell_dx(cell) for cell in table.column("dx")]
    return rows


def _spell_dx(cell: str) -> str:
    name = cell.lower()
    return "" if name in NONE else SPELT.get(name, name)


def _read_ages(table: Table, name: str, cells: Sequence[str]) -> list[float]:
    ages = []
    for cell, line in zip(cells, table.lines, strict=True):
        if cell.lower() in NO_LESION:
            ages.append(math.nan)
            continue
        age = _as_number(cell, comma=table.separator != "comma")
        if age is None or not 0 <= age <= 130:
            raise LabError(
                f"{table.path}: line {line}, column {name}: {cell!r} is no age; "
                "allowed: years from 0 to 130, or an empty cell"
            )
        ages.append(age)
    return ages


def _read_lesions(
    cells: Sequence[str], table: Table, spelt: Counter[str]
) -> list[str | None]:
    """Spell each lesion as where it is named first: case and spaces part no lesion."""
    first: dict[str, str] = {}
    lesions: list[str | None] = []
    for cell in cells:
        if cell.lower() in NO_LESION:
            lesions.append(None)
            continue
        name = first.setdefault(cell.casefold(), cell)
        lesions.append(name)
        if name != cell:
            spelt[f"lesion_ids in {table.path.name}"] += 1
    return lesions


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
    columns = [c for c in facts if c not in ("image_id", "dx")]
    facts = facts.rename(columns={"dx": "dx_metadata"})
    distinct = facts.drop(columns="image_id").drop_duplicates()
    clash = set(distinct.loc[distinct["key"].duplicated(), "key"])
    known = set(facts["key"])
    keys = table["key"].drop_duplicates()
    matched = keys.isin(known)
    if matched.mean() < FEW:
        first = table.loc[~table["key"].isin(known), "image_id"].iloc[0]
        raise LabError(
            f"{layout.root}: {layout.metadata} names {int(matched.sum())} of the "
            f"{len(keys)} photographs of {layout.truth}: there an id is {first!r}, "
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
        table = table.drop(columns="dx_metadata")
    table.loc[table["key"].isin(clash) & fine, "reason"] = "metadata disagree"
    unmatched = table.loc[~table["key"].isin(known), "image_id"].tolist()
    return table, sorted(set(unmatched))

