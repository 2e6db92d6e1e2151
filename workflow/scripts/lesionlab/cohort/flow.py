"""The flow of photographs through the study (STARD 2015, Bossuyt et al.)."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.figures.style import new_figure

SETS = {"train": "training", "valid": "validation", "test": "test"}
NETWORKS = {"segmentation": "Segmentation", "classification": "Classifier"}
BOX = {"boxstyle": "square,pad=0.5", "facecolor": "white", "edgecolor": "#444444"}
LEFT, MIDDLE, RIGHT = 0.25, 0.5, 0.78


def describe_flow(
    audit: Mapping[str, Any], split_audit: Mapping[str, Any], *, fold: str
) -> dict[str, str]:
    """Say how many photographs each step found, refused, merged and used.

    Parameters
    ----------
    audit : Mapping
        ``data/audit.json``.
    split_audit : Mapping
        ``split/audit.json``.
    fold : str
        Whose sets are counted.

    Returns
    -------
    dict
        Text of the boxes ``found``, ``refused``, ``sound``, ``merged``,
        ``segmentation`` and ``classification``.
    """
    refused = audit["quarantine"]
    reasons = [f"{reason}: {number:,}" for reason, number in refused.items()]
    named = audit["n_lesions"]
    merged = f"{audit['n_groups']:,} lesions"
    if named != audit["n_groups"]:
        merged += f", of {named:,} lesion_ids" if named else " (no lesion_ids)"
    boxes = {
        "found": f"Named in the tables\n{audit['n'] + sum(refused.values()):,} rows",
        "refused": "\n".join([f"Refused: {sum(refused.values()):,}", *reasons]),
        "sound": f"Sound photographs with a mask\n{audit['n']:,}",
        "merged": f"After photographs of one lesion are merged\n{merged}",
    }
    folds = list(split_audit["counts"])
    where = f", {fold} of {len(folds)}" if len(folds) > 1 else ""
    for task, network in NETWORKS.items():
        sets = split_audit["counts"][fold][task]
        sizes = {name: sum(sets.get(name, {}).values()) for name in SETS}
        lines = [
            f"{SETS[name]}: {sizes[name]:,} ({_by_class(sets.get(name, {}))})"
            for name in SETS
        ]
        left = audit["n"] - sum(sizes.values())
        boxes[task] = "\n".join([network + where, *lines, f"not used: {left:,}"])
    return boxes


def _by_class(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {number:,}" for label, number in counts.items())


def draw_flow(boxes: Mapping[str, str]) -> Figure:
    """Draw the boxes of :func:`describe_flow` and the arrows between them.

    Parameters
    ----------
    boxes : Mapping
        Text by box.

    Returns
    -------
    Figure
        From what was found, above, to the sets of both networks, below.
    """
    lines = boxes["refused"].count("\n") + 1
    figure = new_figure(7.4, 3.6 + 0.12 * max(0, lines - 3))
    axis = figure.subplots()
    axis.set_axis_off()
    axis.set(xlim=(0, 1), ylim=(0, 1))
    heights = {"found": 0.93, "sound": 0.68, "merged": 0.44}
    for name, height in heights.items():
        _write(axis, boxes[name], MIDDLE, height)
    _write(axis, boxes["refused"], RIGHT, 0.82, side="left")
    for name, place in (("segmentation", LEFT), ("classification", 1 - LEFT)):
        _write(axis, boxes[name], place, 0.13)
    _point(axis, (MIDDLE, 0.87), (MIDDLE, 0.74))
    _point(axis, (MIDDLE, 0.82), (RIGHT - 0.015, 0.82))
    _point(axis, (MIDDLE, 0.62), (MIDDLE, 0.50))
    for place in (LEFT, 1 - LEFT):
        _point(axis, (MIDDLE, 0.38), (place, 0.27))
    return figure


def _write(axis: Axes, text: str, x: float, y: float, *, side: str = "center") -> None:
    axis.text(
        *(x, y, text), ha=side, va="center", fontsize=7.5, linespacing=1.4, bbox=BOX
    )


def _point(axis: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axis.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#444444"})
