"""The figure of who was photographed: age, sex, site, lesion and diagnosis by class."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lesionlab.figures.style import COLOURS, GREY, colour_of, new_figure

UNKNOWN = "unknown"
SITES = 7  # body sites that are named; the others are added up
SEXES = ("female", "male")
OTHER = "other"
PALETTE = (*COLOURS[:6], "#999933", "#882255")  # more than COLOURS: Tol (2021), muted
PALE = {OTHER: "#999999", UNKNOWN: "#dddddd"}


def draw_characteristics(images: pd.DataFrame, classes: Sequence[str]) -> Figure:
    """Draw what the tables say of photographs and lesions, by class.

    Parameters
    ----------
    images : DataFrame
        The image table.
    classes : sequence of str
        In their order.

    Returns
    -------
    Figure
        Six panels. Age, sex, site and diagnosis count a lesion once, by its first
        photograph; what the tables do not hold is said in the panel.
    """
    lesions = images.drop_duplicates("group")
    figure = new_figure(7.4, 4.9)
    panels = figure.subplots(2, 3).ravel()
    _draw_counts(panels[0], images, classes)
    _draw_boxes(panels[1], lesions, classes, "age", "Age (years)")
    _draw_shares(panels[2], lesions, classes, "sex", "Sex", order=SEXES)
    _draw_boxes(panels[3], images, classes, "mask_fraction", "Lesion, share of picture")
    known = "dataset" in images and images["dataset"].notna().any()
    _draw_shares(panels[4], lesions, classes, "localization", "Body site")
    _draw_shares(
        panels[5],
        lesions,
        classes,
        *(("dataset", "Source") if known else ("dx_type", "Diagnosis by")),
    )
    return figure


def _draw_counts(axis: Axes, images: pd.DataFrame, classes: Sequence[str]) -> None:
    by_class = images.groupby("label")["group"].agg(["size", "nunique"])
    by_class = by_class.reindex(classes, fill_value=0)
    places = range(len(classes))
    colours = list(colour_of(classes).values())
    axis.barh(places, by_class["size"], color=colours, alpha=0.35)
    axis.barh(places, by_class["nunique"], color=colours, height=0.4)
    for place, (photographs, lesions) in zip(places, by_class.to_numpy(), strict=True):
        axis.annotate(
            f" {photographs:,} of {lesions:,}",
            (photographs, place),
            va="center",
            size=6,
        )
    axis.margins(x=0.65)
    axis.set_title("Photographs of lesions")
    _name_classes(axis, classes)


def _draw_boxes(
    axis: Axes, rows: pd.DataFrame, classes: Sequence[str], column: str, title: str
) -> None:
    axis.set_title(title)
    _name_classes(axis, classes)
    values = pd.to_numeric(rows[column], errors="coerce")
    if values.isna().all():
        _say_unknown(axis)
        return
    drawn = axis.boxplot(
        [values[rows["label"] == label].dropna() for label in classes],
        positions=range(len(classes)),
        orientation="horizontal",
        widths=0.6,
        patch_artist=True,
        flierprops={"marker": ".", "markersize": 2, "markeredgecolor": GREY},
        medianprops={"color": "black"},
        manage_ticks=False,
    )
    for box, colour in zip(drawn["boxes"], colour_of(classes).values(), strict=True):
        box.set(facecolor=colour, alpha=0.5)


def _draw_shares(
    axis: Axes,
    rows: pd.DataFrame,
    classes: Sequence[str],
    column: str,
    title: str,
    *,
    order: Sequence[str] = (),
) -> None:
    axis.set_title(title)
    _name_classes(axis, classes)
    values = rows[column].astype("object").fillna(UNKNOWN)
    if (values == UNKNOWN).all():
        _say_unknown(axis)
        return
    found = [name for name in values.value_counts().index if name not in PALE]
    named = [name for name in order if name in found]
    named += [name for name in found if name not in order][: SITES - len(named)]
    values = values.where(values.isin([*named, UNKNOWN]), OTHER)
    share = pd.crosstab(rows["label"], values, normalize="index")
    shown = [name for name in (*named, *PALE) if name in share]
    share = share.reindex(index=classes, columns=shown, fill_value=0.0)
    colours = {**dict(zip(named, PALETTE, strict=False)), **PALE}
    left = pd.Series(0.0, index=share.index)
    for name in shown:
        places = range(len(classes))
        axis.barh(places, share[name], left=left, color=colours[name], label=name)
        left += share[name]
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(PercentFormatter(1))
    axis.legend(
        fontsize=5.5,
        ncols=3,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.12),
        handlelength=0.8,
        columnspacing=0.8,
    )


def _name_classes(axis: Axes, classes: Sequence[str]) -> None:
    axis.set_yticks(range(len(classes)), [name.replace("_", " ") for name in classes])
    axis.set_ylim(len(classes) - 0.5, -0.5)
    axis.tick_params(labelsize=7)


def _say_unknown(axis: Axes) -> None:
    axis.text(0.5, 0.5, "not in the tables", transform=axis.transAxes, ha="center")
    axis.set_xticks([])
