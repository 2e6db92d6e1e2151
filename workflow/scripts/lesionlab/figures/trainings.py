"""Figures of the trainings of all arms, and of their outcomes."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.figures.style import GREY, colour_of, new_figure

POINTS = 12_000  # of all curves: more would be seen by nobody and fill the report


def draw_trainings(histories: Mapping[str, Sequence[pd.DataFrame]]) -> Figure:
    """Draw loss and accuracy of every training: a column an arm, a line a training.

    Parameters
    ----------
    histories : Mapping
        By arm, ``history.csv`` of every fold and seed.

    Returns
    -------
    Figure
        Grey on training, coloured on validation; dots are the kept epochs.
    """
    arms = list(histories)
    figure = new_figure(max(4.6, 1.9 * len(arms) + 0.4), 3.6)
    axes = figure.subplots(2, len(arms), squeeze=False, sharex=True, sharey="row")
    curves = 4 * sum(map(len, histories.values()))
    thin = 1.2 if max(map(len, histories.values())) <= 3 else 0.7
    for column, (arm, colour) in enumerate(colour_of(arms).items()):
        for history in histories[arm]:
            kept = history.loc[history["val_loss"].idxmin()]
            shown = history.iloc[:: -(-len(history) * curves // POINTS)]
            for axis, name in zip(axes[:, column], ("loss", "accuracy"), strict=True):
                epochs, valid = shown["epoch"], shown[f"val_{name}"]
                axis.plot(epochs, shown[name], color=GREY, lw=thin, alpha=0.55)
                axis.plot(epochs, valid, color=colour, lw=thin, alpha=0.8)
                axis.plot(
                    kept["epoch"], kept[f"val_{name}"], "o", color=colour, markersize=3
                )
        axes[0, column].set_title(arm, fontsize=8.5)
        axes[1, column].set_xlabel("epoch")
    # a first epoch may validate at a loss that would flatten all others
    tops = [
        h[["loss", "val_loss"]].median().max() for hs in histories.values() for h in hs
    ]
    axes[0, 0].set(ylabel="loss", ylim=(0, 2.5 * max(tops)))
    axes[1, 0].set_ylabel("accuracy")
    return figure


def draw_outcomes(comparison: Mapping[str, Any], roc: pd.DataFrame) -> Figure:
    """Draw the ROC curves of all arms and the confusion matrix of each.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    roc : DataFrame
        ``arm``, ``fpr``, ``tpr``: means over trainings.

    Returns
    -------
    Figure
        Three panels a row.
    """
    arms = comparison["arms"]
    rows = -(-(len(arms) + 1) // 3)
    figure = new_figure(8.2, 2.75 * rows)
    first, *others = figure.subplots(rows, 3, squeeze=False).flat
    _draw_roc(first, comparison, roc)
    for number, axis in enumerate(others):
        if number >= len(arms):
            axis.set_visible(False)
            continue
        arm = list(arms)[number]
        matrix = np.array(arms[arm]["confusion_matrix"])
        _draw_confusion(axis, matrix, comparison["classes"])
        axis.set_title(arm)
    return figure


def _draw_roc(axis: Axes, comparison: Mapping[str, Any], roc: pd.DataFrame) -> None:
    arms = comparison["arms"]
    colours = colour_of(list(arms))
    for arm, part in roc.groupby("arm", sort=False):
        auc = arms[arm]["auc"]["value"]
        label = f"{arm} {auc:.3f}" if auc is not None else str(arm)
        axis.plot(
            part["fpr"], part["tpr"], color=colours[str(arm)], label=label, lw=1.2
        )
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
    axis.set(
        title=f"ROC, {comparison['positive_class']} against the rest",
        xlabel="1 − specificity",
        ylabel="sensitivity",
        aspect="equal",
    )
    axis.legend(loc="lower right", title="arm, AUC", fontsize=6.5, title_fontsize=7)


def _draw_confusion(axis: Axes, matrix: np.ndarray, classes: Sequence[str]) -> None:
    share = matrix / np.maximum(1e-9, matrix.sum(axis=1, keepdims=True))
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axis.grid(visible=False)
    whole = np.array_equal(matrix, np.rint(matrix))
    digits = np.where((matrix >= 100) | whole, 0, 1)
    for (row, column), number in np.ndenumerate(matrix):
        dark = share[row, column] > 0.55
        axis.text(
            column,
            row,
            f"{number:.{digits[row, column]}f}\n{share[row, column]:.0%}",
            ha="center",
            va="center",
            fontsize=7.5,
            color="white" if dark else "black",
        )
    names = [textwrap.fill(name.replace("_", " "), 9) for name in classes]
    ticks = range(len(classes))
    axis.set_xticks(ticks, names, rotation=45 if len(names) > 4 else 0, fontsize=7.5)
    axis.set_yticks(ticks, names, fontsize=7.5)
    axis.set(xlabel="decision", ylabel="truth")
