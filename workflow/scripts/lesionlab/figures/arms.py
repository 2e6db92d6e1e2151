"""Figures of all arms: their scores, the ladder, the differences by metric."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.comparison.ladder import CHANCE
from lesionlab.figures.bars import (
    BLUE,
    SHADE,
    VERDICTS,
    draw_bars,
    draw_note,
    shade_margin,
)
from lesionlab.figures.style import COLOURS, GREY, colour_of, new_figure
from lesionlab.statistics.metrics import LOWER_IS_BETTER
from lesionlab.words.answers import find_pair
from lesionlab.words.phrases import SHOWN, head_metric


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
        draw_bars(axes[0], arms[arm][metric], row, colour=colour, value="value")
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
    shade_margin(axis, margin)
    for row, step in enumerate(ladder):
        colour = VERDICTS.get(step["kind"], GREY)
        draw_bars(axis, step, row, colour=colour)
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
        return draw_note("One arm alone was run: there is nothing to compare.")
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
            draw_bars(axis, pair, row, colour=COLOURS[6] if primary else BLUE)
        names = [head_metric(m, comparison["positive_class"]) for m in metrics]
        axis.set_yticks(range(len(metrics)), names)
        axis.set_ylim(len(metrics) - 0.4, -0.6)
        axis.axvline(0, color=GREY, linewidth=1)
        axis.set_xlabel(f"{b} − {a} ({side}: {b} is better)")
        axis.grid(visible=False, axis="y")
    return figure
