"""Figures made of photographs of the data: samples, and pairs of one lesion."""

from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np
from matplotlib.figure import Figure

from lesionlab.figures.style import COLOURS, hide_frame, new_figure

PAIRS_A_ROW = 3


def draw_samples(
    samples: Mapping[str, Sequence[tuple[np.ndarray, np.ndarray]]],
) -> Figure:
    """Draw a sheet of photographs with the outline of their masks.

    Parameters
    ----------
    samples : Mapping
        By the name of a row, photographs as uint8 (H, W, 3), RGB, and masks as bool
        (H, W).

    Returns
    -------
    Figure
        A row may be shorter than another.
    """
    columns = max(1, *(len(row) for row in samples.values()))
    figure = new_figure(1.35 * columns + 0.4, 1.04 * len(samples))
    axes = figure.subplots(len(samples), columns, squeeze=False)
    for axis in axes.ravel():
        hide_frame(axis)
    for line, (name, row) in zip(axes, samples.items(), strict=True):
        for axis, (photograph, mask) in zip(line, row, strict=False):
            axis.imshow(photograph)
            if mask.any() and not mask.all():
                axis.contour(mask, [0.5], colors=COLOURS[2], linewidths=0.9)
        line[0].set_ylabel(name, fontweight="bold", fontsize=8)
    return figure


def draw_pairs(pairs: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> Figure:
    """Draw pairs of photographs side by side.

    Parameters
    ----------
    pairs : sequence of (str, ndarray, ndarray)
        A title of some lines, and two photographs (H, W, 3) uint8.

    Returns
    -------
    Figure
        A sentence where there is no pair.
    """
    if not pairs:
        figure = new_figure(7.5, 0.5)
        figure.text(0.01, 0.4, "No pair of photographs came near the limits.")
        return figure
    rows = -(-len(pairs) // PAIRS_A_ROW)
    figure = new_figure(7.4, 1.25 * rows)
    axes = figure.subplots(rows, 2 * PAIRS_A_ROW, squeeze=False).ravel()
    for axis in axes:
        hide_frame(axis)
    for (title, *photographs), place in zip(pairs, count(step=2), strict=False):
        for axis, photograph in zip(axes[place:], photographs, strict=False):
            axis.imshow(photograph)
        axes[place].set_title(title, fontsize=5.5, fontweight="normal")
    return figure
