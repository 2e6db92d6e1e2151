"""What was found in a data root, in sentences: for log, page, audit and report."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FEW = 5  # names that stand for all
ORIENTED = {
    "turned": "turned by their EXIF orientation, as their masks' sizes ask",
    "kept": "bear an EXIF orientation that their masks' sizes contradict, and are read "
    "as they are stored",
}
KINDS = {
    "grey": "have no colours",
    "CMYK": "are CMYK and were converted without a colour profile",
    "16 bits": "have 16 bits a value, of which the upper 8 are used",
}


def list_findings(found: Mapping[str, Any]) -> list[str]:
    """List what a reader should know of the data, the gravest first.

    Parameters
    ----------
    found : Mapping
        ``data/found.json``.

    Returns
    -------
    list of str
        A sentence each; none where all is as usual.
    """
    return [*_lacks(found), *_spellings(found), *_pictures(found)]


def name_some(names: Sequence[str]) -> str:
    """Name the first of many."""
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")


def _lacks(found: Mapping[str, Any]) -> Iterator[str]:
    for lack in found["lacking"]:
        yield f"{lack[0].upper()}{lack[1:]}."
    without = found["without_metadata"]
    if without:
        yield (
            f"The metadata have no row for {len(without)} photograph(s), which count "
            f"as lesions of their own: {name_some(without)}."
        )
    for name, number in list(found["crowded"].items())[:FEW]:
        yield (
            f"Lesion {name!r} has {number} photographs, more than any lesion is likely "
            "to have: if the name stands for unknown, empty its cells."
        )
    foreign = found["without_row"]
    if foreign["n"]:
        yield (
            f"{foreign['n']} photograph(s) have no row in the table of diagnoses and "
            f"are not used, such as {foreign['first'][0]}."
        )
    for why in dict.fromkeys(found["set_aside"].values()):
        names = [name for name, said in found["set_aside"].items() if said == why]
        if len(names) > FEW:
            yield f"{len(names)} files are not read: {why} ({name_some(names)})."
        else:
            yield from (f"{name} is not read: {why}." for name in names)


def _spellings(found: Mapping[str, Any]) -> Iterator[str]:
    for what, number in found["respelt"].items():
        yield (
            f"{number} {what} are written with a suffix, in another case or with "
            "spaces, and were matched without."
        )
    for table in found["tables"]:
        if (table["encoding"], table["separator"]) != ("utf-8", "comma"):
            yield (
                f"{table['file']} was read as {table['encoding']}, separated by "
                f"{table['separator']}."
            )
    if found["copies"]:
        yield f"{found['copies']} file(s) are copies of others and are read once."


def _pictures(found: Mapping[str, Any]) -> Iterator[str]:
    cut = found["masks_cut"]
    if cut["n"]:
        yield (
            f"{cut['n']} mask(s) are not of two values and were cut at half: "
            f"{cut['median_between']:.1%} of their pixels lie between in the median, "
            f"{cut['most_between']:.1%} at most."
        )
    if found["masks_full"]:
        names = found["masks_full"]
        yield f"{len(names)} mask(s) cover the whole photograph: {name_some(names)}."
    for kind, number in found["kinds"].items():
        yield f"{number} photograph(s) {KINDS[kind]}."
    for how, number in found["oriented"].items():
        yield f"{number} photograph(s) {'were ' * (how == 'turned')}{ORIENTED[how]}."
