"""Figures of the verdict: the difference, the arms, the ladder, all metrics."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.comparison.ladder import CHANCE
from lesionlab.comparison.verdict import HELPED, HURT, NO_DIFFERENCE
from lesionlab.report.answers import find_pair
from lesionlab.report.style import COLOURS, GREY, colour_of, new_figure
from lesionlab.report.words import (
    BOTH,
    LESIONS,
    SHOWN,
    format_bounds,
    format_figure,
    format_margin,
    head_metric,
    name_metric,
)
from lesionlab.statistics.metrics import LOWER_IS_BETTER

BLUE, RED, GREEN = COLOURS[:3]
VERDICTS = {HELPED: GREEN, HURT: RED, NO_DIFFERENCE: BLUE}
SHADE = "#e9eef5"


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
        return _say("One arm alone was run: there is nothing to compare.")
    verdict = comparison["verdicts"][0]
    a, b, metric = (verdict[key] for key in ("a", "b", "metric"))
    pair = find_pair(comparison, a, b, metric)
    name = name_metric(metric, comparison["positive_class"])
    points = pair_trainings(trainings, a, b, metric)
    if pair["difference"] is None or points.empty:
        return _say(f"Arms {a} and {b} cannot be compared by {name}.")
    folds = list(dict.fromkeys(points["fold"]))
    figure = new_figure(7.6, 2.35 + 0.24 * len(folds))
    axis = figure.subplots()
    _shade(axis, verdict["margin"])
    for row, fold in enumerate(folds):
        own = points.loc[points["fold"] == fold, "difference"]
        axis.plot(own, np.full(len(own), row), "o", color="#444444", ms=4.5, alpha=0.7)
    colour = VERDICTS.get(verdict["kind"], GREY)
    below = len(folds)
    _bar(axis, pair, LESIONS, below + 0.25, colour="#444444", width=1.6)
    if pair["low"] is None:
        axis.text(
            pair["difference"],
            below + 1.25,
            "one training: no such interval",
            style="italic",
            color=GREY,
            va="center",
            ha="center",
        )
    else:
        _bar(axis, pair, BOTH, below + 1.25, colour=colour, width=4)
    labels = [_name_fold(fold, len(folds)) for fold in folds]
    labels += [
        "over lesions\n(these networks)",
        "over lesions and\ntrainings (decides)",
    ]
    axis.set_yticks([*range(below), below + 0.25, below + 1.25], labels)
    axis.set_ylim(below + 1.8, -0.6)
    axis.axhline(below - 0.45, color="#cccccc", linewidth=0.8)
    side = "left" if metric in LOWER_IS_BETTER else "right"
    axis.set_xlabel(f"difference in {name}: {b} minus {a} ({side}: {b} is better)")
    axis.grid(visible=False, axis="y")
    _widen(axis, verdict["margin"])
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
        color="#444444",
    )
    return figure


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


def _shade(axis: Axes, margin: float) -> None:
    axis.axvspan(-margin, margin, color=SHADE, zorder=0)
    axis.axvline(0, color=GREY, linewidth=1)


def _widen(axis: Axes, margin: float) -> None:
    """Show both sides of the margin."""
    low, high = axis.get_xlim()
    axis.set_xlim(min(low, -1.3 * margin), max(high, 1.3 * margin))


def _bar(
    axis: Axes,
    figure: Mapping[str, Any],
    bounds: Sequence[str],
    row: float,
    *,
    colour: str,
    width: float,
    value: str = "difference",
) -> None:
    """Draw a figure and one of its intervals, where there is one."""
    low, high = (figure[name] for name in bounds)
    if low is not None and high is not None:
        axis.plot(
            [low, high], [row, row], color=colour, lw=width, solid_capstyle="butt"
        )
    axis.plot(figure[value], row, "o", color=colour, ms=4 + width / 2)


def _both_bars(
    axis: Axes,
    figure: Mapping[str, Any],
    row: float,
    *,
    colour: str,
    value: str = "difference",
) -> None:
    """Draw the interval over lesions thick, the deciding one thin and longer."""
    if figure[value] is None:
        return
    _bar(axis, figure, LESIONS, row, colour=colour, width=3.5, value=value)
    _bar(axis, figure, BOTH, row, colour=colour, width=1.2, value=value)


def _say(text: str) -> Figure:
    figure = new_figure(7.4, 0.8)
    figure.text(0.01, 0.5, text, va="center")
    return figure


def draw_scores(comparison: Mapping[str, Any], trainings: pd.DataFrame) -> Figure:
    """Draw every arm by the primary metric, and beside it the ladder's steps.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    trainings : DataFrame
        ``trainings.csv``.

    Returns
    -------
    Figure
        Thick bars over lesions, thin over lesions and trainings; small dots are
        trainings. The ladder is left out where no step was run.
    """
    arms, metric = comparison["arms"], comparison["primary"]
    ladder = [row for row in comparison["ladder"] if row["difference"] is not None]
    figure = new_figure(8.2 if ladder else 6.4, 0.9 + 0.42 * max(2, len(arms)))
    axes = figure.subplots(1, 2 if ladder else 1, squeeze=False)[0]
    for row, (arm, colour) in enumerate(colour_of(list(arms)).items()):
        own = trainings.loc[trainings["arm"] == arm, metric].dropna()
        axes[0].plot(own, np.full(len(own), row + 0.22), ".", color=colour, ms=3.5)
        _both_bars(axes[0], arms[arm][metric], row, colour=colour, value="value")
    if metric == "auc":
        axes[0].axvline(CHANCE, color=GREY, linestyle="--", linewidth=0.8)
    axes[0].set_yticks(range(len(arms)), list(arms))
    axes[0].set_ylim(len(arms) - 0.4, -0.6)
    axes[0].set_title(f"{head_metric(metric, comparison['positive_class'])} by arm")
    axes[0].grid(visible=False, axis="y")
    if ladder:
        _draw_ladder(axes[1], ladder, comparison["margin"])
    return figure


def _draw_ladder(
    axis: Axes, ladder: Sequence[Mapping[str, Any]], margin: float
) -> None:
    _shade(axis, margin)
    for row, step in enumerate(ladder):
        colour = VERDICTS.get(step["kind"], GREY)
        _both_bars(axis, step, row, colour=colour)
    names = [f"{row['step']}:\n{row['b']} − {row['a'] or 'chance'}" for row in ladder]
    axis.set_yticks(range(len(ladder)), names)
    axis.set_ylim(len(ladder) - 0.4, -0.6)
    axis.set_title("Steps of the ladder, differences")
    axis.grid(visible=False, axis="y")


def draw_differences(comparison: Mapping[str, Any]) -> Figure:
    """Draw the first pair's differences by all metrics.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.

    Returns
    -------
    Figure
        A forest plot; losses, which have a scale of their own, stand below.
    """
    if not comparison["verdicts"]:
        return _say("One arm alone was run: there is nothing to compare.")
    a, b = (comparison["verdicts"][0][key] for key in ("a", "b"))
    scores = [metric for metric in SHOWN if metric not in LOWER_IS_BETTER]
    losses = [metric for metric in SHOWN if metric in LOWER_IS_BETTER]
    figure = new_figure(7.4, 1.7 + 0.3 * len(SHOWN))
    panels = figure.subplots(
        2, 1, height_ratios=[len(scores) + 0.2, len(losses) + 0.2], squeeze=False
    )[:, 0]
    for axis, metrics, side in zip(
        panels, (scores, losses), ("right", "left"), strict=True
    ):
        for row, metric in enumerate(metrics):
            primary = metric == comparison["primary"]
            if primary:
                margin = comparison["margin"]
                axis.fill_between([-margin, margin], row - 0.4, row + 0.4, color=SHADE)
            pair = find_pair(comparison, a, b, metric)
            _both_bars(axis, pair, row, colour=COLOURS[6] if primary else BLUE)
        names = [head_metric(m, comparison["positive_class"]) for m in metrics]
        axis.set_yticks(range(len(metrics)), names)
        axis.set_ylim(len(metrics) - 0.4, -0.6)
        axis.axvline(0, color=GREY, linewidth=1)
        axis.set_xlabel(f"{b} − {a} ({side}: {b} is better)")
        axis.grid(visible=False, axis="y")
    return figure
