"""Tables of the data, the segmentation, the trainings and the making of a run."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

Table = dict[str, Any]
MANY = 6  # rows of one kind that still stand open
STARTED = 30  # MB; with less, Python had not yet begun to work
NETWORK_SIZE = {
    "pixel_accuracy": ("Pixel accuracy, network size", "0.911"),
    "pooled_iou": ("Pooled IoU, network size", "0.715"),
}
SEGMENTATION = {
    "n": "Test photographs",
    "threshold": "Threshold",
    "jaccard": "Jaccard index, mean",
    "median": "Jaccard index, median",
    "thresholded_jaccard": "Thresholded Jaccard (0 below 0.65)",
    "dice": "Dice",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "failure_rate": "Failure rate (Jaccard below 0.65)",
    "empty_predictions": "Empty predictions",
    "pixel_accuracy": "Pixel accuracy",
}


def make_table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], *, rules: Collection[int] = ()
) -> Table:
    """Turn cells into text; a None is a dash.

    Parameters
    ----------
    head : sequence of str
        Of the columns.
    rows : sequence of sequences
        Text and numbers.
    rules : collection of int
        Rows with a line above them.

    Returns
    -------
    dict
        ``head`` and ``rows``, for the template.
    """
    return {
        "head": list(head),
        "rows": [
            {"cells": [_cell(cell) for cell in row], "rule": number in rules}
            for number, row in enumerate(rows)
        ],
    }


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def class_table(
    audit: Mapping[str, Any], classes: Mapping[str, Sequence[str]]
) -> Table:
    """Photographs by class with their diagnoses."""
    rows: list[list[Any]] = [
        [
            label,
            ", ".join(f"{dx} {audit['by_dx'].get(dx, 0)}" for dx in diagnoses),
            audit["by_label"][label],
            f"{audit['class_ratio'][label]:.2%}",
        ]
        for label, diagnoses in classes.items()
    ]
    rows.append(["All", "", audit["n"], "100.00%"])
    return make_table(["Class", "Diagnoses", "Photographs", "Share"], rows)


def split_table(
    audit: Mapping[str, Any], classes: Sequence[str], folds: Sequence[str]
) -> Table:
    """Sizes of every set of some folds, and the leakage of their test sets."""
    rows = []
    for fold in folds:
        for task, sets in audit["counts"][fold].items():
            leakage = audit["leakage"][fold][task]
            for name in ("train", "valid", "test"):
                counts = sets.get(name, {})
                shares = [
                    f" ({leakage[label]:.0%} leak)"
                    if name == "test" and leakage[label]
                    else ""
                    for label in classes
                ]
                cells = [
                    f"{counts.get(label, 0)}{share}"
                    for label, share in zip(classes, shares, strict=True)
                ]
                rows.append([fold, task, name, *cells, sum(counts.values())])
    return make_table(["Fold", "Network", "Set", *classes, "All"], rows)


def _figures(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Figures of a segmentation by their key, in the order of its table."""
    flat = {**scores, **scores["jaccard"], "jaccard": scores["jaccard"]["mean"]}
    shown = {name: flat[key] for key, name in SEGMENTATION.items()}
    sizes = scores["network_size"]
    return shown | {name: sizes[key] for key, (name, _) in NETWORK_SIZE.items()}


def segmentation_table(scores: Mapping[str, Mapping[str, Any]]) -> Table:
    """Segmentation scores beside the reference's: mean and range over folds."""
    figures = [_figures(of_fold) for of_fold in scores.values()]
    references = {"Threshold": "0.40", **dict(NETWORK_SIZE.values())}
    rows = []
    for name in figures[0]:
        values = [row[name] for row in figures if row[name] is not None]
        cells = (
            [_mean(values)] if len(figures) == 1 else [_mean(values), _range(values)]
        )
        rows.append([name, *cells, references.get(name)])
    folds = ["Test set"] if len(figures) == 1 else ["Mean over folds", "Range"]
    return make_table(["", *folds, "Reference 2022"], rows)


def _mean(values: Sequence[float]) -> Any:
    if not values:
        return None
    mean = sum(values) / len(values)
    whole = all(isinstance(value, int) for value in values)
    return f"{mean:.4g}" if whole else float(mean)


def _range(values: Sequence[float]) -> Any:
    if not values:
        return None
    low, high = _cell(min(values)), _cell(max(values))
    return low if low == high else f"{low} to {high}"


def fold_table(scores: Mapping[str, Mapping[str, Any]]) -> Table:
    """Segmentation scores of every fold, a row each."""
    figures = {fold: _figures(of_fold) for fold, of_fold in scores.items()}
    head = next(iter(figures.values()))
    return make_table(
        ["Fold", *head], [[fold, *row.values()] for fold, row in figures.items()]
    )


def stage_table(folder: Path, parts_of_run: Collection[str]) -> Table:
    """Duration and peak memory of each rule, from Snakemake's benchmark files.

    Parameters
    ----------
    folder : Path
        ``benchmarks/<rule>/*.tsv``; missing where a rule was not run here.
    parts_of_run : collection of str
        Folds, arms and seeds. Files of others were left by earlier runs.

    Returns
    -------
    dict
        Rows in the order in which the stages ended.
    """
    parts = []
    for path in sorted(folder.glob("*/*.tsv"), key=lambda p: p.stat().st_mtime_ns):
        rule = path.parent.name
        if path.stem != rule and not set(path.stem.split(".")) <= set(parts_of_run):
            continue
        part = pd.read_csv(path, sep="\t", na_values=["-"])
        parts.append(part.assign(rule=rule))
    head = ["Stage", "Jobs", "Duration", "Peak memory"]
    if not parts:
        return make_table(head, [])
    table = pd.concat(parts)
    rows = []
    for rule, jobs in table.groupby("rule", sort=False):
        # a stage may end before its memory is first looked at
        memory = jobs["max_rss"].where(jobs["max_rss"] > STARTED).max()
        rows.append(
            [
                rule,
                len(jobs),
                say_duration(jobs["s"].sum()),
                None if pd.isna(memory) else f"{memory / 1024:.2f} GB",
            ]
        )
    rows.append(
        ["All, one after another", len(table), say_duration(table["s"].sum()), ""]
    )
    return make_table(head, rows, rules=[len(rows) - 1])


def say_duration(seconds: float) -> str:
    """Say a duration as people do.

    Parameters
    ----------
    seconds : float
        At least 0.

    Returns
    -------
    str
        In one unit or two, rounded.
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02} min"


def training_table(trainings: Mapping[str, Mapping[str, Any]]) -> Table:
    """Size, pictures, length, device and start of every training.

    Those of a U-Net have no one side: its height and width stand in the config.
    """
    rows = []
    for name, facts in trainings.items():
        weights = facts.get("initial_weights_sha256")
        rows.append(
            [
                name,
                facts["model"],
                f"{facts['parameters']:,}",
                f"{facts['n']} / {facts['n_valid']}",
                facts.get("size"),
                f"{facts['kept_epoch']} of {facts['epochs']}",
                f"{facts['device']}, {facts['threads']} thread(s)",
                weights[:12] if weights else "random",
            ]
        )
    head = ["Training", "Network", "Parameters", "Photographs, train / valid"]
    head += ["Side, pixels", "Kept epoch", "Device", "Initial weights"]
    return make_table(head, rows)


def version_table(files: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """Code digest and versions, a row for each kind of file where they are equal.

    Parameters
    ----------
    files : Mapping
        By kind, the contents of its files.

    Returns
    -------
    dict
        Of :func:`make_table`.
    """
    rows = []
    for kind, contents in files.items():
        made: dict[tuple[str, str], int] = {}
        for content in contents:
            versions = content["versions"].items()
            packages = ", ".join(f"{package} {number}" for package, number in versions)
            key = content["code"][:12], packages
            made[key] = made.get(key, 0) + 1
        rows += [[kind, number, *key] for key, number in made.items()]
    return make_table(["Kind", "Files", "Code", "Packages"], rows)
