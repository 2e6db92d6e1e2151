"""Find the tables, photographs and masks of a data root by what they are.

The Snakefile calls this while it plans, so it imports nothing heavy.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lesionlab.errors import LabError
from lesionlab.sources.roles import choose_tables
from lesionlab.sources.walking import EMPTY, walk
from lesionlab.tables.names import ARCHIVES, MARK, PICTURES, id_key, mask_key

IMAGES, MASKS = "images", "masks"  # of an id that is there, others are not looked at
TRUTH, METADATA = "GroundTruth.csv", "HAM10000_metadata.csv"
MASK_SUFFIX = "_segmentation.png"
MASKS_HERE = re.compile(r"mask|segmentation|task1.*groundtruth", re.IGNORECASE)
NO_MASKS = re.compile(
    r"(?<![a-z])(un|non?|without)[\s_\-]*(mask|segment)", re.IGNORECASE
)
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
    truths : tuple of str
        Tables of one column a diagnosis; without one the metadata name the diagnosis.
    metadata : tuple of str
        Tables of lesions and patients.
    photographs, masks : dict of tuple of str
        By key of the id, the files that bear it.
    set_aside : dict of str
        Tables and unreadable entries that are not read, and why.
    archives : tuple of str
        Files that may hold photographs or masks, packed.
    """

    root: Path
    truths: tuple[str, ...]
    metadata: tuple[str, ...]
    photographs: dict[str, tuple[str, ...]]
    masks: dict[str, tuple[str, ...]]
    set_aside: dict[str, str]
    archives: tuple[str, ...] = ()

    def files(self) -> list[str]:
        """Names of all files that a result may depend on."""
        pictures = (*self.photographs.values(), *self.masks.values())
        tables = {*self.truths, *self.metadata}
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
        Names what is missing, or the table that is there and cannot be read.
    """
    if not root.is_dir():
        raise LabError(f"{root}: no such data folder; {EXPECTED} in it")
    names, lost = walk(root)
    archives = tuple(name for name in names if ARCHIVES.search(name))
    packed = f"; {archives[0]} is packed: unpack it" if archives else ""
    pictures = [name for name in names if name.lower().endswith(PICTURES)]
    masks = {name for name in pictures if _is_mask(name)}
    photographs = _gather([n for n in pictures if n not in masks], id_key, IMAGES)
    found = _gather(sorted(masks), mask_key, MASKS)
    others = [name for name in names if not name.lower().endswith(PICTURES)]
    truths, metadata, set_aside = choose_tables(root, others, lost)
    if not truths and not metadata:
        raise LabError(
            f"{root}: no table of diagnoses such as {TRUTH}{packed}; {EXPECTED}"
        )
    for kind, files in (("photograph", photographs), ("mask", found)):
        if not files:
            suffixes = ", ".join(PICTURES)
            why = packed or "".join(f"; {n} {lost[n]}" for n in list(lost)[:1])
            raise LabError(f"{root}: no {kind} ({suffixes}) in it{why}; {EXPECTED}")
    said = {name: why for name, why in lost.items() if why != EMPTY} | set_aside
    return Layout(root, truths, metadata, photographs, found, said, archives)


def _is_mask(name: str) -> bool:
    """Tell a mask by its own name, else by the nearest folder that says what it is."""
    *folders, file = name.split("/")
    if MARK.search(file):
        return True
    for folder in reversed(folders):
        if MASKS_HERE.search(folder) and not NO_MASKS.search(folder):
            return True
        if PHOTOGRAPHS_HERE.search(folder):
            return False
    return False


def _gather(
    names: Sequence[str], key: Callable[[str], str], usual: str
) -> dict[str, tuple[str, ...]]:
    """Gather files by their id; of each id, those in the usual folder count."""
    found: dict[str, list[str]] = {}
    for name in names:
        file = name.rpartition("/")[2]
        if not OTHER_PARTS.search(file):
            found.setdefault(key(file), []).append(name)
    return {
        key: tuple([n for n in files if n.lower().startswith(f"{usual}/")] or files)
        for key, files in found.items()
    }
