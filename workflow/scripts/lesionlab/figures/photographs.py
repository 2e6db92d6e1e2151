"""Figures made of photographs: samples, arms, case studies, pairs of one lesion."""

from collections.abc import Mapping, Sequence
from itertools import count

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.figures.style import COLOURS, new_figure

PAIRS_A_ROW = 3
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def draw_samples(samples: dict[str, list[np.ndarray]]) -> Figure:
    """Draw a sheet of photographs: a row a class.

    Parameters
    ----------
    samples : dict of list of ndarray
        By class, photographs as uint8 (H, W, 3), RGB.

    Returns
    -------
    Figure
        To be saved.
    """
    columns = max(len(row) for row in samples.values())
    figure = new_figure(1.75 * columns + 0.4, 1.36 * len(samples))
    axes = figure.subplots(len(samples), columns, squeeze=False)
    for row, (label, photographs) in zip(axes, samples.items(), strict=True):
        for axis in row:
            _strip(axis)
        for axis, photograph in zip(row, photographs, strict=False):
            axis.imshow(photograph)
        row[0].set_ylabel(label.replace("_", " "), fontweight="bold")
    return figure


def draw_arms(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Draw what each arm shows: a row a photograph, a column an arm.

    Parameters
    ----------
    rows : Mapping
        By the name of a row, by arm, uint8 (H, W, 3), RGB; every row has all arms.

    Returns
    -------
    Figure
        To be saved.
    """
    arms = list(next(iter(rows.values())))
    figure = new_figure(1.75 * len(arms) + 0.4, 1.36 * len(rows) + 0.2)
    axes = figure.subplots(len(rows), len(arms), squeeze=False)
    for axis, arm in zip(axes[0], arms, strict=True):
        axis.set_title(arm.replace("_", " "), loc="center")
    for line, (label, pictures) in zip(axes, rows.items(), strict=True):
        for axis, arm in zip(line, arms, strict=True):
            axis.imshow(pictures[arm])
            _strip(axis)
        line[0].set_ylabel(label.replace("_", " "), fontweight="bold")
    return figure


def choose_cases(jaccard: Sequence[float], number: int) -> list[int]:
    """Choose case studies at fixed quantiles, so that nobody picks the pretty ones.

    Parameters
    ----------
    jaccard : sequence of float
        Of each test image.
    number : int
        Of cases; five are at 5, 25, 50, 75 and 95 %.

    Returns
    -------
    list of int
        Positions, from the worst to the best.
    """
    order = np.argsort(np.asarray(jaccard), kind="stable")
    shares = QUANTILES if number == 5 else np.linspace(0.05, 0.95, number)
    places = np.rint(np.asarray(shares) * (len(order) - 1)).astype(int)
    return [int(order[place]) for place in dict.fromkeys(places.tolist())]


def draw_cases(
    cases: Sequence[tuple[str, float, np.ndarray, np.ndarray, np.ndarray]],
) -> Figure:
    """Draw case studies: photograph, true mask and predicted mask.

    Parameters
    ----------
    cases : sequence of (str, float, ndarray, ndarray, ndarray)
        Name, Jaccard, photograph (H, W, 3) uint8, true and predicted mask (H, W) bool.

    Returns
    -------
    Figure
        A column a case; outlines of both masks lie on the photograph.
    """
    figure = new_figure(1.75 * len(cases) + 0.4, 4.3)
    axes = figure.subplots(3, len(cases), squeeze=False)
    titles = ("Photograph", "True mask", "Predicted mask")
    for column, (name, jaccard, photograph, truth, predicted) in enumerate(cases):
        pictures = (photograph, truth, predicted)
        for axis, picture, title in zip(axes[:, column], pictures, titles, strict=True):
            axis.imshow(
                picture, cmap="gray", vmin=0, vmax=None if picture.ndim == 3 else 1
            )
            _strip(axis)
            if column == 0:
                axis.set_ylabel(title, fontweight="bold")
        for mask, colour in ((truth, COLOURS[2]), (predicted, COLOURS[1])):
            if mask.any() and not mask.all():
                axes[0, column].contour(mask, [0.5], colors=colour, linewidths=1.2)
        axes[0, column].set_title(f"{name}\nJaccard {jaccard:.2f}", fontsize=8)
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
        _strip(axis)
    for (title, *photographs), place in zip(pairs, count(step=2), strict=False):
        for axis, photograph in zip(axes[place:], photographs, strict=False):
            axis.imshow(photograph)
        axes[place].set_title(title, fontsize=5.5, fontweight="normal")
    return figure


def _strip(axis: Axes) -> None:
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)
    for spine in axis.spines.values():
        spine.set_visible(False)
