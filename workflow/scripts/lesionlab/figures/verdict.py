"""The figure of the verdict: every training a point, both intervals, the margin."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.figures.bars import VERDICTS, draw_bar, draw_note, shade_margin
from lesionlab.figures.style import GREY, new_figure
from lesionlab.statistics.metrics import LOWER_IS_BETTER
from lesionlab.words.answers import find_pair
from lesionlab.words.phrases import (
    BOTH,
    LESIONS,
    format_bounds,
    format_figure,
    format_margin,
    name_metric,
)

DARK = "#444444"


def pair_trainings(
    trainings: pd.DataFrame, a: str, b: str, metric: str
) -> pd.DataFrame:
    """Subtract the trainings of two arms, paired by fold and seed.

    Parameters
    ----------
    trainings : DataFrame
        ``trainings.csv``.
    a, b : str
        Arms.
    metric : str
        A column.

    Returns
    -------
    DataFrame
        ``fold``, ``seed``, ``difference`` (b minus a); pairs alone.
    """
    keys = ["fold", "seed"]
    first, second = (
        trainings.loc[trainings["arm"] == arm, [*keys, metric]] for arm in (a, b)
    )
    both = first.merge(second, on=keys, suffixes=("_a", "_b"))
    difference = both[f"{metric}_b"] - both[f"{metric}_a"]
    return both[keys].assign(difference=difference).dropna()


def draw_verdict(comparison: Mapping[str, Any], trainings: pd.DataFrame) -> Figure:
    """Draw the first pair's difference: every training a point, both intervals.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    trainings : DataFrame
        ``trainings.csv``.

    Returns
    -------
    Figure
        Explains itself; the margin is shaded.
    """
    if not comparison["verdicts"]:
        return draw_note("One arm alone was run: there is nothing to compare.")
    verdict = comparison["verdicts"][0]
    a, b, metric = (verdict[key] for key in ("a", "b", "metric"))
    pair = find_pair(comparison, a, b, metric)
    name = name_metric(metric, comparison["positive_class"])
    points = pair_trainings(trainings, a, b, metric)
    if pair["difference"] is None or points.empty:
        return draw_note(f"Arms {a} and {b} cannot be compared by {name}.")
    folds = list(dict.fromkeys(points["fold"]))
    figure = new_figure(7.6, 2.35 + 0.24 * len(folds))
    axis = figure.subplots()
    shade_margin(axis, verdict["margin"])
    for row, fold in enumerate(folds):
        own = points.loc[points["fold"] == fold, "difference"]
        axis.plot(own, np.full(len(own), row), "o", color=DARK, ms=4.5, alpha=0.7)
    colour = VERDICTS.get(verdict["kind"], GREY)
    _draw_intervals(axis, pair, len(folds), colour=colour)
    _label_rows(axis, folds)
    _widen(axis, verdict["margin"])
    side = "left" if metric in LOWER_IS_BETTER else "right"
    axis.set_xlabel(f"difference in {name}: {b} minus {a} ({side}: {b} is better)")
    figure.suptitle(
        _title(comparison, verdict, pair),
        x=0.01,
        ha="left",
        fontsize=10.5,
        fontweight="bold",
        color=colour if verdict["kind"] in VERDICTS else "black",
    )
    axis.set_title(
        f"Dots: pairs of trainings. Bars: {comparison['confidence']:.0%} intervals. "
        f"Shaded: below {format_margin(verdict['margin'])}, which does not matter.",
        fontsize=7.5,
        fontweight="normal",
        color=DARK,
    )
    return figure


def _draw_intervals(
    axis: Axes, pair: Mapping[str, Any], below: int, *, colour: str
) -> None:
    """Draw both intervals under the rows of the folds."""
    draw_bar(axis, pair, LESIONS, below + 0.25, colour=DARK, width=1.6)
    if pair["low"] is not None:
        draw_bar(axis, pair, BOTH, below + 1.25, colour=colour, width=4)
        return
    axis.text(
        pair["difference"],
        below + 1.25,
        "one training: no such interval",
        style="italic",
        color=GREY,
        va="center",
        ha="center",
    )


def _label_rows(axis: Axes, folds: list[str]) -> None:
    below = len(folds)
    labels = [_name_fold(fold, below) for fold in folds]
    labels += [
        "over lesions\n(these networks)",
        "over lesions and\ntrainings (decides)",
    ]
    axis.set_yticks([*range(below), below + 0.25, below + 1.25], labels)
    axis.set_ylim(below + 1.8, -0.6)
    axis.axhline(below - 0.45, color="#cccccc", linewidth=0.8)
    axis.grid(visible=False, axis="y")


def _title(
    comparison: Mapping[str, Any], verdict: Mapping[str, Any], pair: Mapping[str, Any]
) -> str:
    name = name_metric(pair["metric"], comparison["positive_class"])
    difference = f"{name} of arm {pair['b']} minus {pair['a']}"
    value = format_figure(pair["difference"], signed=True)
    interval = format_bounds(pair, BOTH, signed=True)
    ending = "for these two networks" if interval == "–" else f"({interval})"
    kind = verdict["kind"].capitalize()
    return textwrap.fill(f"{kind}: {difference} is {value} {ending}", 78)


def _name_fold(fold: str, folds: int) -> str:
    return fold.replace("fold", "fold ") if folds > 1 else "trainings"


def _widen(axis: Axes, margin: float) -> None:
    """Show both sides of the margin."""
    low, high = axis.get_xlim()
    axis.set_xlim(min(low, -1.3 * margin), max(high, 1.3 * margin))
