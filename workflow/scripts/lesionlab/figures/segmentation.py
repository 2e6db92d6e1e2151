"""Figures of the segmentation: training, threshold, scores."""

import pandas as pd
from matplotlib.figure import Figure

from lesionlab.figures.style import COLOURS, GREY, new_figure


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
