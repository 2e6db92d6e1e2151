"""The headline of a run for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from lesionlab.words.phrases import BOTH, LESIONS, format_interval, head_metric

METRICS = ("auc", "sensitivity", "specificity", "balanced_accuracy")


def write_headline(
    comparison: Mapping[str, Any],
    *,
    answer: Mapping[str, str],
    truth: Sequence[str],
    stamps: Sequence[Mapping[str, str]],
) -> str:
    """Lay out the headline figures and the answer.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    answer : Mapping
        From :func:`lesionlab.words.answers.answer_question`.
    truth : sequence of str
        From :func:`lesionlab.words.truths.tell_truth`; empty for photographs.
    stamps : sequence of Mapping
        From :func:`lesionlab.words.stamps.list_stamps`: shown last, where a terminal
        is read first.

    Returns
    -------
    str
        Some lines, with a newline at the end.
    """
    primary, positive = comparison["primary"], comparison["positive_class"]
    metrics = list(dict.fromkeys((primary, *METRICS)))
    heads = [head_metric(metric, positive) for metric in metrics]
    rows = [["Arm", "Trainings", *heads]]
    several = False
    for arm, scores in comparison["arms"].items():
        trainings = scores[primary]["trainings"]
        bounds = BOTH if trainings > 1 else LESIONS
        several |= trainings > 1
        figures = [format_interval(scores[metric], bounds) for metric in metrics]
        rows.append([arm, str(trainings), *figures])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines.append(
        f"{comparison['confidence']:.0%} intervals over lesions"
        + (" and, where an arm has several, over trainings" if several else " alone")
    )
    table = "\n".join(line.rstrip() for line in lines)
    said = [
        f"{answer['verdict']}. {answer['text']}",
        " ".join([answer["advice"], answer["command"]]).strip(),
        *truth,
    ]
    warnings = [f"{stamp['title']} {stamp['text']}" for stamp in stamps]
    return "\n\n".join([table, *filter(None, said), *warnings]) + "\n"
