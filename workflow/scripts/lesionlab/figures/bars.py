"""Marks that figures of intervals share: bars, the shaded margin, a note."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.comparison.verdict import HELPED, HURT, NO_DIFFERENCE
from lesionlab.figures.style import COLOURS, GREY, new_figure
from lesionlab.words.phrases import BOTH, LESIONS

BLUE, RED, GREEN = COLOURS[:3]
VERDICTS = {HELPED: GREEN, HURT: RED, NO_DIFFERENCE: BLUE}
SHADE = "#e9eef5"


def shade_margin(axis: Axes, margin: float) -> None:
    """Shade what does not matter, and draw 0."""
    axis.axvspan(-margin, margin, color=SHADE, zorder=0)
    axis.axvline(0, color=GREY, linewidth=1)


def draw_bar(
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


def draw_bars(
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
    draw_bar(axis, figure, LESIONS, row, colour=colour, width=3.5, value=value)
    draw_bar(axis, figure, BOTH, row, colour=colour, width=1.2, value=value)


def draw_note(text: str) -> Figure:
    """Say why there is nothing to draw."""
    figure = new_figure(7.4, 0.8)
    figure.text(0.01, 0.5, text, va="center")
    return figure
