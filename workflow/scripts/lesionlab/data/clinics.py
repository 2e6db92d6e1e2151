"""Hold whole sources of photographs out, to test what was learnt at other clinics."""

from collections.abc import Sequence

import pandas as pd

from lesionlab.errors import LabError


def hold_out(
    pool: pd.DataFrame, table: pd.DataFrame, sources: Sequence[str]
) -> tuple[pd.DataFrame, list[pd.Series]]:
    """Take the photographs of some sources for the test set.

    Those of an unknown source are in no set: they may be of one that is held out.

    Parameters
    ----------
    pool : DataFrame
        Columns ``image_id`` and ``label``, a row a photograph.
    table : DataFrame
        The image table, with the column ``dataset``.
    sources : sequence of str
        As that column names them; numbers are compared as text.

    Returns
    -------
    pool : DataFrame
        The photographs of known sources.
    tests : list of Series of str
        One test set, by ``image_id``.

    Raises
    ------
    LabError
        If there is no such column or source, or a source lacks a class.
    """
    if "dataset" not in table:
        raise LabError(
            "split.protocol: source: images.csv has no column dataset; the metadata of "
            "the original archive name the source of each photograph, take these"
        )
    named = table.set_index("image_id")["dataset"].map(str, na_action="ignore")
    source = pool["image_id"].map(named)
    known = source.dropna().unique()
    wanted = [str(name) for name in sources]
    for name in wanted:
        if name not in known:
            allowed = ", ".join(sorted(known))
            raise LabError(f"split.sources: {name!r} is no source; one of {allowed}")
    held_out = source.isin(wanted)
    for label in sorted(set(pool["label"])):
        if not (pool.loc[held_out, "label"] == label).any():
            raise LabError(
                f"split.sources: {', '.join(wanted)}: no photograph of class {label}; "
                "hold out a source that has one, or leave the class out of "
                "dataset.classes"
            )
    return pool[source.notna()], [pool.loc[held_out, "image_id"]]
