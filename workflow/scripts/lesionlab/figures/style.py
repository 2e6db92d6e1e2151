"""One look for all figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lesionlab.files import atomic_path

# Okabe and Ito (2008): told apart by colour-blind readers
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY = "#777777"
LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "svg.hashsalt": "lesionlab",
    "svg.fonttype": "path",
}


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure in the common look.

    Parameters
    ----------
    width, height : float
        In inches.

    Returns
    -------
    Figure
        With a tight layout; not known to pyplot.
    """
    mpl.rcParams.update(LOOK)
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def hide_frame(axis: Axes) -> None:
    """Take ticks, grid and frame away: a photograph speaks for itself."""
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set_visible(False)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure; equal figures give equal bytes.

    Parameters
    ----------
    figure : Figure
        From :func:`new_figure`.
    path : Path
        ``.svg``, or ``.png`` at 150 dots an inch.
    """
    dated = "Date" if path.suffix == ".svg" else "Software"
    with atomic_path(path) as draft:
        figure.savefig(draft, dpi=150, metadata={dated: None})


def colour_of(names: Sequence[str]) -> dict[str, str]:
    """Give each name its colour, by its place."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
