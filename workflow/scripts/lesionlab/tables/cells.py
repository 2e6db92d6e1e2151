"""Read the cells of a column: ids, flags, ages, lesions; say which cell is wrong."""

import math
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from lesionlab.errors import LabError
from lesionlab.tables.columns import IDS, find_column
from lesionlab.tables.names import clean_id, id_key
from lesionlab.tables.reading import SAVE, Table

YES_NO = {"true": 1.0, "false": 0.0}
ALLOWED = "allowed: 0 and 1, or true and false"
# what pandas, R and Excel write where nothing is known
NONE = {"", "-", "na", "n/a", "<na>", "nan", "-nan", "nat", "none", "null", "nil", "."}
NONE |= {"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "#n/a n/a", "#n/a", "#na"}
NONE |= {"#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#spill!"}
NONE |= {"#calc!", "#getting_data", "not available", "not applicable", "missing"}
UNKNOWN = NONE | {"unknown", "unspecified", "?"}
# as lesions, all such photographs would be one
NO_LESION = UNKNOWN | {"-1", "-1.0"}
OLDEST = 130  # years


def read_ids(table: Table, spelt: Counter[str]) -> pd.DataFrame:
    """Read the column of ids; two spellings of one id are an error.

    Parameters
    ----------
    table : Table
        With a column of :data:`lesionlab.sources.layout.IDS`.
    spelt : Counter
        Counts, by table, ids that were written otherwise than they are used.

    Returns
    -------
    DataFrame
        ``image_id`` and ``key``, a row a row.

    Raises
    ------
    LabError
        Names the line.
    """
    name = find_column(table.header, IDS)
    if name is None:
        raise LabError(
            f"{table.path}: no column {' or '.join(IDS[:2])}; its columns are "
            f"{', '.join(table.header)}; name that of the photographs so"
        )
    written = table.written(name)
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


def read_flags(table: Table, name: str) -> list[float]:
    """Read a column of flags; with a decimal comma where none separates cells.

    Raises
    ------
    LabError
        Names line, column and cell, and what is allowed.
    """
    flags = []
    for cell, line in zip(table.column(name), table.lines, strict=True):
        flag = as_flag(cell, comma=table.separator != "comma")
        if flag is None:
            raise LabError(
                f"{table.path}: line {line}, column {name.upper()}: {cell!r} is no "
                f"flag; {ALLOWED}; mend it, or move a table of predictions away"
            )
        flags.append(flag)
    return flags


def as_flag(cell: str, *, comma: bool = False) -> float | None:
    """Read 0 or 1, or true and false; None for anything else, such as a probability."""
    if cell.lower() in YES_NO:
        return YES_NO[cell.lower()]
    number = _as_number(cell, comma=comma)
    return number if number in (0, 1) else None


def _as_number(cell: str, *, comma: bool) -> float | None:
    try:
        number = float(cell.replace(",", ".") if comma else cell)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in cell else None


def other_flags(table: Table, known: Sequence[str]) -> list[str]:
    """List columns of flags that may be a diagnosis under a name of its own."""
    names = [n for n in table.header if n and n not in known and n not in IDS]
    return [n for n in names if all(as_flag(c) is not None for c in table.column(n))]


def read_ages(table: Table, name: str, cells: Sequence[str]) -> list[float]:
    """Read ages in years; NaN where none is named.

    Raises
    ------
    LabError
        Names line, column and cell, and what is allowed.
    """
    ages = []
    for cell, line in zip(cells, table.lines, strict=True):
        if cell.lower() in UNKNOWN:
            ages.append(math.nan)
            continue
        age = _as_number(cell, comma=table.separator != "comma")
        if age is None or not 0 <= age <= OLDEST:
            raise LabError(
                f"{table.path}: line {line}, column {name}: {cell!r} is no age; "
                f"allowed: years from 0 to {OLDEST}, or an empty cell"
            )
        ages.append(age)
    return ages


def read_lesions(
    cells: Sequence[str], table: Table, spelt: Counter[str]
) -> list[str | None]:
    """Spell each lesion as where it is named first: case and spaces part no lesion.

    Parameters
    ----------
    cells : sequence of str
        Of the column; words for "unknown" become None.
    table : Table
        To which they belong.
    spelt : Counter
        Counts those that were written in another case.

    Returns
    -------
    list of str or None
    """
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
