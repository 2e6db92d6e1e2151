"""Find the tables, photographs and masks of a data root by what they are.

The Snakefile calls this while it plans, so it imports nothing heavy.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lesionlab.errors import LabError
from lesionlab.sources.names import MARK, PICTURES, id_key, mask_key
from lesionlab.sources.tables import peek_header, read_table

IMAGES, MASKS = "images", "masks"  # where they stand so, nothing else is looked at
TRUTH, METADATA = "GroundTruth.csv", "HAM10000_metadata.csv"
MASK_SUFFIX = "_segmentation.png"
# in the order in which one of several copies is taken
TABLES = (".csv", ".tab", ".tsv", ".txt", "")
IDS = ("image_id", "image", "isic_id", "image_name", "imageid", "filename")
DIAGNOSES = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc", "scc", "unk")
SPELT = {"ak": "akiec"}  # of ISIC 2019
DEPTH, FILES = 4, 500_000
# official sets beside that of training
HELD_OUT = re.compile(r"(?<![a-z])(test|valid)", re.IGNORECASE)
MASKS_HERE = re.compile(r"mask|segmentation|task1.*groundtruth", re.IGNORECASE)
PHOTOGRAPHS_HERE = re.compile(r"image|photo|picture|input", re.IGNORECASE)
OTHER_PARTS = re.compile(
    r"_(attribute_\w+|superpixels)\.\w+$", re.IGNORECASE
)  # of ISIC
EXPECTED = f"expected {IMAGES}/, {MASKS}/ and {TRUTH}, or a layout of docs/data.md"


@dataclass(frozen=True)
class Layout:
    """What stands where in a data root; names are relative to it, with slashes.

    Parameters
    ----------
    root : Path
        Of the data.
    truth : str or None
        Table of one column a diagnosis; without it the metadata name the diagnosis.
    metadata : str or None
        Table of lesions and patients.
    photographs, masks : dict of tuple of str
        By key of the id, the files that bear it.
    set_aside : dict of str
        Tables that are not read, and why.
    """

    root: Path
    truth: str | None
    metadata: str | None
    photographs: dict[str, tuple[str, ...]]
    masks: dict[str, tuple[str, ...]]
    set_aside: dict[str, str]

    def files(self) -> list[str]:
        """Names of all files that a result may depend on."""
        pictures = (*self.photographs.values(), *self.masks.values())
        tables = {name for name in (self.truth, self.metadata) if name}
        return [*sorted(tables), *(name for names in pictures for name in names)]


def find_layout(root: Path) -> Layout:
    """Find the files of a data root.

    Parameters
    ----------
    root : Path
        In any layout that docs/data.md names; only read.

    Returns
    -------
    Layout
        With at least a table of diagnoses, a photograph and a mask.

    Raises
    ------
    LabError
        Names what is missing, or the tables between which nothing decides.
    """
    if not root.is_dir():
        raise LabError(f"{root}: no such data folder; {EXPECTED} in it")
    names = sorted(_walk(root))
    pictures = [n for n in names if n.lower().endswith(PICTURES)]
    masks = {name for name in pictures if _is_mask(name)}
    photographs = _gather(
        _prefer(IMAGES, [name for name in pictures if name not in masks]), id_key
    )
    found = _gather(_prefer(MASKS, sorted(masks)), mask_key)
    others = (name for name in names if not name.lower().endswith(PICTURES))
    tables = [n for n in others if PurePosixPath(n).suffix.lower() in TABLES]
    truth, metadata, set_aside = _choose_tables(root, tables)
    if not truth and not metadata:
        raise LabError(f"{root}: no table of diagnoses such as {TRUTH}; {EXPECTED}")
    for kind, files in (("photograph", photographs), ("mask", found)):
        if not files:
            suffixes = ", ".join(PICTURES)
            raise LabError(f"{root}: no {kind} ({suffixes}) in it; {EXPECTED}")
    return Layout(root, truth, metadata, photographs, found, set_aside)


def _walk(root: Path) -> Iterator[str]:
    """List files down to some depth; links are followed, hidden names are not."""
    waiting, seen, count = [("", 1)], {os.path.realpath(root)}, 0
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(root / folder) as entries:
                listed = [
                    (
                        f"{folder}{entry.name}",
                        entry.path,
                        entry.is_dir(),
                        entry.is_file(),
                    )
                    for entry in entries
                    if not entry.name.startswith((".", "__MACOSX"))
                ]
        except OSError as why:
            raise LabError(f"{root / folder}: cannot be read ({why.strerror})") from why
        for name, path, is_folder, is_file in listed:
            if is_folder and depth < DEPTH:
                real = os.path.realpath(path)
                if real not in seen:
                    seen.add(real)
                    waiting.append((f"{name}/", depth + 1))
            elif is_file:
                count += 1
                yield name
        if count > FILES:
            raise LabError(
                f"{root}: more than {FILES} files; name the folder of the photographs "
                "itself"
            )


def _is_mask(name: str) -> bool:
    """Tell a mask by its own name, else by the nearest folder that says what it is."""
    *folders, file = name.split("/")
    if MARK.search(file):
        return True
    for folder in reversed(folders):
        if MASKS_HERE.search(folder):
            return True
        if PHOTOGRAPHS_HERE.search(folder):
            return False
    return False


def _prefer(folder: str, names: Sequence[str]) -> Sequence[str]:
    """Keep to the folder of the usual name, where it holds any of these files."""
    inside = [n for n in names if n.lower().startswith(f"{folder}/")]
    return inside or names


def _gather(
    names: Sequence[str], key: Callable[[str], str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name in names:
        file = name.rpartition("/")[2]
        if not OTHER_PARTS.search(file):
            found.setdefault(key(file), []).append(name)
    return {key: tuple(files) for key, files in found.items()}


def find_column(header: Sequence[str], names: Sequence[str]) -> str | None:
    """Give the first of some names that is a column, if any."""
    return next((name for name in names if name in header), None)


def list_diagnoses(header: Sequence[str]) -> list[str]:
    """List the columns that are diagnoses, as they are spelt there."""
    return [name for name in header if SPELT.get(name, name) in DIAGNOSES]


def _choose_tables(
    root: Path, names: Sequence[str]
) -> tuple[str | None, str | None, dict[str, str]]:
    headers: dict[str, Sequence[str]] = {}
    damaged: list[LabError] = []
    for name in names:
        try:
            headers[name] = peek_header(root / name)
        except LabError as why:
            if _role_by_name(name):
                damaged.append(why)
    set_aside: dict[str, str] = {}
    truths = [n for n in headers if _is_truth(n, headers[n])]
    metadata = [n for n in headers if n not in truths and _is_metadata(n, headers[n])]
    # a table that names diagnoses as well is worth more than one of lesions alone
    with_dx = [n for n in metadata if "dx" in headers[n]]
    for name in set(metadata) - set(with_dx) if with_dx else ():
        set_aside[name] = f"{with_dx[0]} says more"
    truths = _leave_held_out(truths, set_aside, alone=not with_dx)
    metadata = _leave_held_out(with_dx or metadata, set_aside, alone=True)
    truth = _choose_one(root, truths, set_aside, "diagnoses")
    facts = _choose_one(root, metadata, set_aside, "metadata")
    if truth and not facts and "lesion_id" in headers[truth]:
        facts = truth
    missing = [why for why in damaged if not (truth and facts)]
    if missing:
        raise missing[0]
    return truth, facts, set_aside


def _leave_held_out(
    names: Sequence[str], set_aside: dict[str, str], *, alone: bool
) -> list[str]:
    """Leave out tables of official test sets; where they stand alone they are meant."""
    official = [n for n in names if HELD_OUT.search(PurePosixPath(n).name)]
    if alone and len(official) == len(names):
        return list(names)
    set_aside |= dict.fromkeys(official, "of an official test or validation set")
    return [n for n in names if n not in official]


def _role_by_name(name: str) -> str:
    stem = re.sub(r"[\s_\-]", "", PurePosixPath(name).stem.lower())
    return next((role for role in ("groundtruth", "metadata") if role in stem), "")


def _is_truth(name: str, header: Sequence[str]) -> bool:
    if len(list_diagnoses(header)) > 1:
        return True
    named = _role_by_name(name) == "groundtruth" and "task1" not in name.lower()
    return named and len(header) > 1 and "dx" not in header


def _is_metadata(name: str, header: Sequence[str]) -> bool:
    known = {"dx", "lesion_id"} & set(header)
    if len(known) == 2 or (known and find_column(header, IDS)):
        return True
    return _role_by_name(name) == "metadata" and len(header) > 1


def _choose_one(
    root: Path, names: Sequence[str], set_aside: dict[str, str], what: str
) -> str | None:
    """Take the only table, or the first of equal ones."""
    if not names:
        return None
    first, *others = sorted(names, key=_rank)
    if others:
        kept = read_table(root / first)
        for name in others:
            other = read_table(root / name)
            if (other.header, other.rows) != (kept.header, kept.rows):
                raise LabError(
                    f"{root}: two tables of {what}, {first} and {name}, which differ; "
                    "move away the one that is not meant"
                )
            set_aside[name] = f"a copy of {first}"
    return first


def _rank(name: str) -> tuple[int, int, str]:
    path = PurePosixPath(name)
    return len(path.parts), TABLES.index(path.suffix.lower()), name
