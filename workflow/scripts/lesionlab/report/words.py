"""Say in words what the intervals support, and no more."""

from collections.abc import Mapping, Sequence
from typing import Any

SHOWN = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "sensitivity": "{positive} sensitivity",
    "auc": "{positive} AUC",
    "average_precision": "{positive} average precision",
}


def name_metric(metric: str, positive: str) -> str:
    """Name a metric for people, for example ``MEL AUC``."""
    return SHOWN[metric].format(positive=positive)


def format_interval(figure: Mapping[str, Any], *, signed: bool = False) -> str:
    """Format ``{value, low, high}`` as ``0.912 (0.880 to 0.941)``.

    Parameters
    ----------
    figure : Mapping
        Figures may be None.
    signed : bool
        Show a plus sign.

    Returns
    -------
    str
        A dash where the value is undefined.
    """
    sign = "+" if signed else ""
    if figure["value"] is None:
        return "–"
    value = f"{figure['value']:{sign}.3f}".replace("-", "−")
    if figure["low"] is None or figure["high"] is None:
        return value
    low, high = f"{figure['low']:{sign}.3f}", f"{figure['high']:{sign}.3f}"
    return f"{value} ({low} to {high})".replace("-", "−")


def format_p(p_value: float | None) -> str:
    """Format a p-value: ``0.043``, ``<0.001``, or a dash where there is none."""
    if p_value is None:
        return "–"
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def answer_question(
    pairs: Sequence[Mapping[str, Any]],
    *,
    positive: str,
    confidence: float,
    trainings: int,
) -> str:
    """Answer the question in one sentence that the intervals support.

    AUC decides, since it does not hang on a threshold; sensitivity stands beside it,
    and accuracies where their interval leaves out 0.

    Parameters
    ----------
    pairs : sequence of Mapping
        From :func:`lesionlab.comparison.pairs.compare_pairs`; those of the first pair
        are spoken of.
    positive : str
        Name of the positive class.
    confidence : float
        Of the intervals.
    trainings : int
        Trainings of each arm behind the figures.

    Returns
    -------
    str
        One sentence.
    """
    if not pairs:
        return "One arm alone was run: there is nothing to compare."
    a, b = pairs[0]["a"], pairs[0]["b"]
    rows = {p["metric"]: p for p in pairs if (p["a"], p["b"]) == (a, b)}
    auc = _difference(rows["auc"])
    if auc["low"] is None:
        return (
            f"The test set is too small to compare the {positive} AUC of {a} and {b}."
        )
    if auc["low"] > 0:
        verdict = f"helped: {b} ranks {positive} better on this test set"
    elif auc["high"] < 0:
        verdict = f"hurt: {b} ranks {positive} worse on this test set"
    else:
        verdict = (
            f"made no difference to the ranking of {positive} that this test set can "
            "show"
        )
    sentence = (
        f"Showing the network arm {b} instead of arm {a} {verdict} (difference in "
        f"{positive} AUC {format_interval(auc, signed=True)}, {confidence:.0%} "
        f"intervals over lesions, {_count(trainings)} of each arm)"
    )
    for metric, name in (
        ("sensitivity", f"its sensitivity for {positive}"),
        ("accuracy", "accuracy"),
        ("balanced_accuracy", "balanced accuracy"),
    ):
        other = _difference(rows[metric])
        change = "showed no clear change"
        if other["low"] is not None and other["low"] * other["high"] > 0:
            change = "rose" if other["value"] > 0 else "fell"
        elif metric != "sensitivity":
            continue
        sentence += f"; {name} {change}: {format_interval(other, signed=True)}"
    return f"{sentence}."


def _count(trainings: int) -> str:
    return "one training" if trainings == 1 else f"{trainings} trainings"


def _difference(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": row["difference"], "low": row["low"], "high": row["high"]}


def write_headline(
    arms: Mapping[str, Mapping[str, Any]],
    *,
    positive: str,
    answer: str,
    stamps: Sequence[Mapping[str, str]],
) -> str:
    """Lay out the headline figures as a table for a terminal.

    Parameters
    ----------
    arms : Mapping
        Scores by arm.
    positive : str
        Name of the positive class.
    answer : str
        The sentence below the table.
    stamps : sequence of Mapping
        From :func:`lesionlab.report.stamps.list_stamps`: shown last, where a
        terminal is read first.

    Returns
    -------
    str
        Some lines, with a newline at the end.
    """
    metrics = ("accuracy", "balanced_accuracy", "sensitivity", "auc")
    rows = [["Arm", *(name_metric(metric, positive) for metric in metrics)]]
    for arm, scores in arms.items():
        rows.append([arm, *(format_interval(scores[metric]) for metric in metrics)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    table = "\n".join(line.rstrip() for line in lines)
    warnings = [f"{stamp['title']} {stamp['text']}" for stamp in stamps]
    return "\n\n".join([table, answer, *warnings]) + "\n"
