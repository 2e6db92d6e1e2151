"""Figures made of photographs: what arms show, and case studies."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lesionlab.figures.style import COLOURS, hide_frame, new_figure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


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
            hide_frame(axis)
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
            hide_frame(axis)
            if column == 0:
                axis.set_ylabel(title, fontweight="bold")
        for mask, colour in ((truth, COLOURS[2]), (predicted, COLOURS[1])):
            if mask.any() and not mask.all():
                axes[0, column].contour(mask, [0.5], colors=colour, linewidths=1.2)
        axes[0, column].set_title(f"{name}\nJaccard {jaccard:.2f}", fontsize=8)
    return figure
