"""Lay out the tables of the report: heads and rows of text."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lesionlab.report.words import format_interval, format_p, name_metric

Table = dict[str, Any]
STARTED = 30  # MB; with less, Python had not yet begun to work
HEADLINE = ("accuracy", "balanced_accuracy", "sensitivity", "auc", "average_precision")
NETWORK_SIZE = {
    "pixel_accuracy": ("Pixel accuracy, network size", "0.911"),
    "pooled_iou": ("Pooled IoU, network size", "0.715"),
}
SEGMENTATION = {
    "n": "Test photographs",
    "threshold": "Threshold",
    "jaccard": "Jaccard index, mean (median)",
    "thresholded_jaccard": "Thresholded Jaccard (0 below 0.65)",
    "dice": "Dice",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "failure_rate": "Failure rate (Jaccard below 0.65)",
    "empty_predictions": "Empty predictions",
    "pixel_accuracy": "Pixel accuracy",
}


def make_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Turn cells into text; a None is a dash."""
    texts = [[_cell(cell) for cell in row] for row in rows]
    rows_made = [{"cells": row, "rule": False} for row in texts]
    return {"head": list(head), "rows": rows_made}


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def headline_table(comparison: Mapping[str, Any]) -> Table:
    """Headline metrics, a row an arm."""
    positive = comparison["positive_class"]
    head = ["Arm", *(name_metric(metric, positive) for metric in HEADLINE)]
    rows = [
        [arm, *(format_interval(scores[metric]) for metric in HEADLINE)]
        for arm, scores in comparison["arms"].items()
    ]
    return make_table(head, rows)


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


def split_table(audit: Mapping[str, Any], classes: Sequence[str]) -> Table:
    """Sizes of every set and the leakage of its test set."""
    rows = []
    for fold, tasks in audit["counts"].items():
        for task, sets in tasks.items():
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


def segmentation_table(scores: Mapping[str, Mapping[str, Any]]) -> Table:
    """Segmentation scores, a column a fold, beside the reference's."""
    rows = []
    for key, name in SEGMENTATION.items():
        cells = []
        for figures in scores.values():
            value = figures[key]
            if key == "jaccard":
                cells.append(f"{value['mean']:.3f} ({value['median']:.3f})")
            else:
                cells.append(_cell(value))
        rows.append([name, *cells, "0.40" if key == "threshold" else None])
    for key, (name, reference) in NETWORK_SIZE.items():
        cells = [_cell(figures["network_size"][key]) for figures in scores.values()]
        rows.append([name, *cells, reference])
    return make_table(["", *scores, "reference 2022"], rows)


def per_class_table(comparison: Mapping[str, Any]) -> Table:
    """Precision, recall, F1 and support of each class, arm by arm."""
    arms = comparison["arms"]
    head = ["Class", "Support"]
    for arm in arms:
        head += [f"{arm}: precision", "recall", "F1"]
    rows = []
    for label in comparison["classes"]:
        first = next(iter(arms.values()))["per_class"][label]
        cells: list[Any] = [label, first["support"]]
        for scores in arms.values():
            row = scores["per_class"][label]
            cells += [row["precision"], row["recall"], row["f1"]]
        rows.append(cells)
    total: list[Any] = ["Accuracy", comparison["n"]]
    for scores in arms.values():
        total += ["", scores["accuracy"]["value"], ""]
    table = make_table(head, [*rows, total])
    table["rows"][-1]["rule"] = True
    return table


def pair_table(comparison: Mapping[str, Any]) -> Table:
    """Differences of every pair of arms."""
    rows = [
        [
            f"{pair['b']} − {pair['a']}",
            name_metric(pair["metric"], comparison["positive_class"]),
            format_interval({**pair, "value": pair["difference"]}, signed=True),
            format_p(pair["p_value"]),
        ]
        for pair in comparison["pairs"]
    ]
    return make_table(["Arms", "Metric", "Difference", "p"], rows)


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
                _duration(jobs["s"].sum()),
                None if pd.isna(memory) else f"{memory / 1024:.2f} GB",
            ]
        )
    rows.append(["All, one after another", len(table), _duration(table["s"].sum()), ""])
    made = make_table(head, rows)
    made["rows"][-1]["rule"] = True
    return made


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {seconds % 60:02.0f} s"


def training_table(trainings: Mapping[str, Mapping[str, Any]]) -> Table:
    """Size, length, device and start of every training."""
    rows = []
    for name, facts in trainings.items():
        weights = facts.get("initial_weights_sha256")
        start = f"ResNet-50 {facts['variant']}, {weights[:12]}" if weights else "random"
        rows.append(
            [
                name,
                f"{facts['parameters']:,}",
                f"{facts['n']} / {facts['n_valid']}",
                f"{facts['kept_epoch']} of {facts['epochs']}",
                f"{facts['device']}, {facts['threads']} thread(s)",
                start,
            ]
        )
    head = ["Training", "Parameters", "Photographs, train / valid", "Kept epoch"]
    return make_table([*head, "Device", "Initial weights"], rows)


def version_table(files: Mapping[str, Mapping[str, Any]]) -> Table:
    """Code digest and versions of each file of scores."""
    rows = [
        [
            name,
            content["code"][:12],
            ", ".join(f"{package} {v}" for package, v in content["versions"].items()),
        ]
        for name, content in files.items()
    ]
    return make_table(["File", "Code", "Packages"], rows)
