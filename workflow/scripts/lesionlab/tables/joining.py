"""Join tables of one kind by the ids of photographs, where they do not contradict."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lesionlab.errors import LabError

Part = tuple[str, Mapping[str, str | None], pd.DataFrame]


def join_truths(root: Path, parts: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Join tables of diagnoses: a photograph may stand in one or in several.

    Parameters
    ----------
    root : Path
        Of the data.
    parts : sequence of tuple
        Name and rows of each table, with the columns ``image_id``, ``key``, ``dx`` and
        ``reason``.

    Returns
    -------
    DataFrame
        The rows of the first table, and of further ones those of other photographs.

    Raises
    ------
    LabError
        Names two tables and a photograph whose diagnoses differ.
    """
    (first, joined), *others = parts
    for name, rows in others:
        pair = (_say_all(joined), _say_all(rows))
        _compare(root, "diagnoses", (first, name), "dx", *pair)
        new = rows[~rows["key"].isin(set(joined["key"]))]
        joined = pd.concat([joined, new], ignore_index=True)
    return joined


def join_facts(root: Path, parts: Sequence[Part]) -> pd.DataFrame:
    """Join metadata: what one table leaves open, another may say.

    Columns of one name must agree. Those that mean the same under two names, as in the
    archive and in the original, have words of their own: the first table counts.

    Parameters
    ----------
    root : Path
        Of the data.
    parts : sequence of tuple
        Name of each table, the names of its columns by what they mean, and its rows,
        with ``image_id`` and ``key``.

    Returns
    -------
    DataFrame
        With a further column ``clash``: whether one table has rows of that photograph
        that differ.

    Raises
    ------
    LabError
        Names two tables, a photograph and a column in which they differ.
    """
    marked = [(name, columns, _mark_clashes(rows)) for name, columns, rows in parts]
    (_, _, joined), *others = marked
    for place, (name, columns, rows) in enumerate(others, 1):
        for other, other_columns, other_rows in marked[:place]:
            for meaning, column in columns.items():
                if column and column == other_columns[meaning]:
                    pair = (other, name)
                    _compare(root, "metadata", pair, meaning, other_rows, rows)
        joined = _fill(joined, rows)
    return joined


def _say_all(rows: pd.DataFrame) -> pd.DataFrame:
    """Take why a row names no single diagnosis for what it says."""
    return rows.assign(dx=rows["dx"].where(rows["dx"] != "", rows["reason"]))


def _mark_clashes(rows: pd.DataFrame) -> pd.DataFrame:
    distinct = rows.drop(columns="image_id").drop_duplicates()
    clash = distinct.loc[distinct["key"].duplicated(), "key"]
    return rows.assign(clash=rows["key"].isin(set(clash)))


def _fill(joined: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    once = rows.drop_duplicates("key").set_index("key")
    filled = joined.copy()
    filled["clash"] |= filled["key"].map(once["clash"]).fillna(False).astype(bool)
    for name in once.columns.difference(["image_id", "clash"], sort=False):
        more = joined["key"].map(once[name])
        own = joined.get(name)
        filled[name] = more if own is None else own.where(_is_known(own), more)
    new = rows[~rows["key"].isin(set(joined["key"]))]
    return pd.concat([filled, new], ignore_index=True)


def _is_known(cells: pd.Series) -> pd.Series:
    return cells.notna() & (cells != "")


def _compare(
    root: Path,
    kind: str,
    names: tuple[str, str],
    column: str,
    rows: pd.DataFrame,
    others: pd.DataFrame,
) -> None:
    """Refuse two tables that say of one photograph what cannot both be true."""
    own, their = (t[_is_known(t[column])] for t in (rows, others))
    both = own[["key", "image_id", column]].merge(their[["key", column]], on="key")
    pairs = zip(both[f"{column}_x"], both[f"{column}_y"], strict=True)
    differ = [_fold(a) != _fold(b) for a, b in pairs]
    if any(differ):
        row = both[differ].iloc[0]
        raise LabError(
            f"{root}: two tables of {kind}, {' and '.join(names)}, which differ: of "
            f"{row['image_id']}, {column} is {row[f'{column}_x']!r} in the one and "
            f"{row[f'{column}_y']!r} in the other; move away the one that is not meant"
        )


def _fold(cell: Any) -> Any:
    return cell.casefold() if isinstance(cell, str) else cell
