"""Figures made of curves: trainings, thresholds, ROC, confusion and differences."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lesionlab.report.style import COLOURS, GREY, colour_of, new_figure
from lesionlab.report.words import name_metric


def draw_segmentation(
    history: pd.DataFrame,
    curve: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    kept: int,
    threshold: float,
) -> Figure:
    """Draw the training of the U-Net, its threshold and its scores.

    Parameters
    ----------
    history, curve, scores : DataFrame
        ``history.csv``, ``threshold.csv`` and ``scores.csv`` of one fold.
    kept : int
        Number of the kept epoch.
    threshold : float
        The chosen one.

    Returns
    -------
    Figure
        Loss; validation Jaccard with the kept epoch; Jaccard by threshold; test
        Jaccard by class.
    """
    figure = new_figure(7.4, 4.8)
    (loss, jaccard), (tuned, classes) = figure.subplots(2, 2)
    loss.plot(history["epoch"], history["loss"], color=COLOURS[0], label="training")
    loss.plot(
        history["epoch"], history["val_loss"], color=COLOURS[1], label="validation"
    )
    loss.set(title="Loss", xlabel="epoch", ylim=(0, None))
    loss.legend()
    jaccard.plot(history["epoch"], history["val_jaccard"], color=COLOURS[1])
    row = history[history["epoch"] == kept]
    jaccard.plot(row["epoch"], row["val_jaccard"], "o", color=COLOURS[1])
    jaccard.set(title="Validation Jaccard, own best threshold", xlabel="epoch")
    free = history.loc[history["phase"] == "dropout_free", "epoch"]
    for axis in (loss, jaccard):
        if len(free):
            axis.axvspan(free.min() - 0.5, free.max() + 0.5, color="#f2f2f2", zorder=0)
    tuned.plot(curve["threshold"], curve["jaccard"], color=COLOURS[1])
    tuned.axvline(threshold, color=GREY, linestyle="--", linewidth=1)
    tuned.set(
        title=f"Validation Jaccard by threshold ({threshold:.2f} kept)",
        xlabel="threshold",
    )
    names = sorted(scores["label"].unique())
    values = [scores.loc[scores["label"] == name, "jaccard"] for name in names]
    classes.boxplot(
        values,
        tick_labels=[name.replace("_", " ") for name in names],
        widths=0.5,
        flierprops={"markersize": 2, "markeredgecolor": GREY},
        medianprops={"color": COLOURS[1]},
    )
    classes.axhline(0.65, color=GREY, linestyle="--", linewidth=1)
    classes.set(title="Test Jaccard (below the line: failed)", ylim=(0, 1))
    return figure


def draw_trainings(histories: Mapping[str, Sequence[pd.DataFrame]]) -> Figure:
    """Draw loss and accuracy of every training, arm by arm.

    Parameters
    ----------
    histories : Mapping
        By arm, ``history.csv`` of every fold and seed.

    Returns
    -------
    Figure
        Dashed on training, solid on validation; the ring is the kept epoch.
    """
    figure = new_figure(7.4, 2.7)
    axes = figure.subplots(1, 2)
    for arm, colour in colour_of(list(histories)).items():
        for number, history in enumerate(histories[arm]):
            kept = history["val_loss"].idxmin()
            for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
                valid = history[f"val_{name}"]
                axis.plot(
                    history["epoch"], history[name], "--", color=colour, alpha=0.5
                )
                label = arm if number == 0 else None
                axis.plot(history["epoch"], valid, color=colour, label=label)
                axis.plot(
                    history["epoch"][kept],
                    valid[kept],
                    "o",
                    color=colour,
                    fillstyle="none",
                )
    # a first epoch may validate at a loss that would flatten all others
    tops = [
        h[["loss", "val_loss"]].median().max() for hs in histories.values() for h in hs
    ]
    axes[0].set(title="Loss", xlabel="epoch", ylim=(0, 2.5 * max(tops)))
    axes[1].set(title="Accuracy", xlabel="epoch")
    axes[0].legend(title="solid: validation")
    return figure


def draw_outcomes(comparison: Mapping[str, Any], roc: pd.DataFrame) -> Figure:
    """Draw the confusion matrix of every arm and their ROC curves.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    roc : DataFrame
        ``arm``, ``fpr``, ``tpr``.

    Returns
    -------
    Figure
        One row.
    """
    arms, positive = comparison["arms"], comparison["positive_class"]
    figure = new_figure(2.6 * (len(arms) + 1) + 0.6, 2.9)
    axes = figure.subplots(1, len(arms) + 1, squeeze=False)[0]
    colours = colour_of(list(arms))
    for axis, (arm, scores) in zip(axes, arms.items(), strict=False):
        _draw_confusion(
            axis, np.array(scores["confusion_matrix"]), comparison["classes"]
        )
        axis.set_title(arm)
    for arm, part in roc.groupby("arm", sort=False):
        auc = arms[arm]["auc"]["value"]
        label = f"{arm} ({auc:.3f})" if auc is not None else str(arm)
        axes[-1].plot(part["fpr"], part["tpr"], color=colours[str(arm)], label=label)
    axes[-1].plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
    axes[-1].set(
        title=f"ROC, {positive} against the rest",
        xlabel="1 − specificity",
        ylabel="sensitivity",
        aspect="equal",
    )
    axes[-1].legend(loc="lower right", title="arm (AUC)")
    return figure


def _draw_confusion(axis: Axes, matrix: np.ndarray, classes: Sequence[str]) -> None:
    share = matrix / np.maximum(1, matrix.sum(axis=1, keepdims=True))
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axis.grid(visible=False)
    for (row, column), number in np.ndenumerate(matrix):
        dark = share[row, column] > 0.55
        axis.text(
            column,
            row,
            f"{number}\n{share[row, column]:.0%}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if dark else "black",
        )
    names = [name.replace("_", " ") for name in classes]
    ticks = range(len(classes))
    axis.set_xticks(ticks, names, rotation=45 if len(names) > 4 else 0, fontsize=8)
    axis.set_yticks(ticks, names, fontsize=8)
    axis.set(xlabel="decision", ylabel="truth")


def draw_differences(comparison: Mapping[str, Any]) -> Figure:
    """Draw the differences of all pairs of arms with their intervals.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.

    Returns
    -------
    Figure
        A forest plot; right of the line the second arm is better.
    """
    pairs = [pair for pair in comparison["pairs"] if pair["difference"] is not None]
    positive = comparison["positive_class"]
    figure = new_figure(7.0, 0.9 + 0.36 * max(1, len(pairs)))
    axis = figure.subplots()
    for row, pair in enumerate(reversed(pairs)):
        axis.plot(pair["difference"], row, "o", color=COLOURS[0])
        if pair["low"] is not None:
            axis.plot([pair["low"], pair["high"]], [row, row], color=COLOURS[0])
    names = [
        f"{pair['b']} − {pair['a']}: {name_metric(pair['metric'], positive)}"
        for pair in reversed(pairs)
    ]
    axis.set_yticks(range(len(names)), names)
    axis.axvline(0, color=GREY, linewidth=1)
    axis.set(
        xlabel=f"difference, {comparison['confidence']:.0%} interval",
        ylim=(-0.6, max(1, len(pairs)) - 0.4),
    )
    axis.grid(visible=False, axis="y")
    return figure
