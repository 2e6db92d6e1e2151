"""The page of check_data: what stands in a data root, and what was made of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lesionlab.words.findings import FEW, list_findings


def describe_root(
    audit: Mapping[str, Any],
    found: Mapping[str, Any],
    *,
    root: str,
    classes: Mapping[str, Sequence[str]],
) -> str:
    """Describe a data root on one page of plain text.

    Parameters
    ----------
    audit : Mapping
        From :func:`lesionlab.data.audit.audit_table`.
    found : Mapping
        ``data/found.json``.
    root : str
        Where the data lie.
    classes : Mapping
        Class: its diagnoses.

    Returns
    -------
    str
        Lines, the last one ended.
    """
    lines = [
        *_files(found, root),
        "",
        *_counts(audit, classes),
        "",
        *_refused(audit, found),
        "",
        *_notes(audit, found),
    ]
    return "\n".join(lines) + "\n"


def _files(found: Mapping[str, Any], root: str) -> Iterator[str]:
    yield f"Data in {root}"
    for table in found["tables"]:
        yield f"  {table['role']:<13}{table['file']}: {table['rows']:,} rows"
    for kind, folders in found["folders"].items():
        for folder, number in folders.items():
            yield f"  {kind:<13}{folder}/: {number:,} files"


def _counts(
    audit: Mapping[str, Any], classes: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    yield (
        f"Sound: {audit['n']:,} photographs of {audit['n_groups']:,} lesions, as far "
        "as these are named or equal"
    )
    for label, number in audit["by_label"].items():
        by_dx = ", ".join(
            f"{dx} {audit['by_dx'].get(dx, 0):,}" for dx in classes[label]
        )
        share = audit["class_ratio"][label]
        yield f"  {label:<13}{number:>7,}  {share:>6.1%}  ({by_dx})"
    for name, counts in audit.get("by_dataset", {}).items():
        by_class = ", ".join(f"{label} {number:,}" for label, number in counts.items())
        yield f"  from {name}: {by_class}"
    yield f"  pixels: {', '.join(f'{s} ({n:,})' for s, n in _most(audit['sizes']))}"
    per_group = audit["photographs_per_group"]
    yield f"  photographs of a lesion: 1 to {max(map(int, per_group))}"


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:FEW]


def _refused(audit: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    refused = audit["quarantine"]
    yield f"Refused: {sum(refused.values()):,} (data/quarantine.csv)"
    for reason, number in refused.items():
        names = found["refused_first"][reason]
        more = ", ..." if number > len(names) else ""
        yield f"  {reason}: {number:,} ({', '.join(names)}{more})"


def _notes(audit: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    notes = list_findings(found)
    without = audit["without_lesion_id"]
    if without["n"]:
        which = (
            "No photograph names"
            if without["n"] == audit["n"]
            else (f"{without['n']:,} photographs do not name")
        )
        notes.insert(0, f"{which} a lesion_id: leakage cannot be excluded.")
    if audit["mixed_groups"]:
        names = ", ".join(audit["mixed_groups"][:FEW])
        notes.append(f"Lesions of two classes, an error in the data: {names}.")
    if audit["exact_duplicates"]:
        number = len(audit["exact_duplicates"])
        notes.append(f"{number} set(s) of equal photographs count as one lesion each.")
    yield "To know" if notes else "To know: nothing; all is as usual."
    yield from (f"  - {note}" for note in notes)
