"""Names of columns by which tables are known."""

from collections.abc import Sequence

IDS = ("image_id", "image", "isic_id", "image_name", "imageid", "filename")
DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc", "scc", "unk")
SPELT = {"ak": "akiec"}  # of ISIC 2019


def find_column(header: Sequence[str], names: Sequence[str]) -> str | None:
    """Give the first of some names that is a column, if any."""
    return next((name for name in names if name in header), None)


def list_diagnoses(header: Sequence[str]) -> list[str]:
    """List the columns that are diagnoses, as they are spelt there."""
    return [name for name in header if SPELT.get(name, name) in DIAGNOSES]
