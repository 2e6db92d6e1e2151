"""Summarise the scores of many masks."""

from typing import Any

import pandas as pd

from lesionlab.segmentation.overlap import FAILURE

MEANS = ("jaccard", "dice", "pixel_accuracy", "sensitivity", "specificity")


def summarise_scores(scores: pd.DataFrame) -> dict[str, Any]:
    """Summarise one row an image into the figures that are reported.

    Parameters
    ----------
    scores : DataFrame
        Columns ``label``, ``jaccard``, ``dice``, ``pixel_accuracy``, ``sensitivity``,
        ``specificity``, ``empty``; one row an image.

    Returns
    -------
    dict
        Means over images; ``thresholded_jaccard`` counts a Jaccard below 0.65 as 0 and
        ``failure_rate`` is the share of those (ISIC 2018 task 1). A mean of nothing is
        None. ``per_class`` has the same for each label.
    """
    summary = _summarise(scores)
    summary["per_class"] = {
        str(label): _summarise(part) for label, part in scores.groupby("label")
    }
    return summary


def _summarise(scores: pd.DataFrame) -> dict[str, Any]:
    good = scores["jaccard"] >= FAILURE
    figures: dict[str, Any] = {"n": len(scores)}
    figures["jaccard"] = {
        "mean": _round(scores["jaccard"].mean()),
        "median": _round(scores["jaccard"].median()),
    }
    figures["thresholded_jaccard"] = _round(scores["jaccard"].where(good, 0).mean())
    figures |= {name: _round(scores[name].mean()) for name in MEANS[1:]}
    figures["failure_rate"] = _round((~good).mean())
    figures["empty_predictions"] = int(scores["empty"].sum())
    return figures


def _round(value: float) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)


def flag_in_sample(scores: pd.DataFrame, split: pd.DataFrame) -> pd.DataFrame:
    """Give the Jaccard of what the classifier is shown, and whether the U-Net saw it.

    Parameters
    ----------
    scores : DataFrame
        Columns ``image_id`` and ``jaccard``.
    split : DataFrame
        The split table of one fold.

    Returns
    -------
    DataFrame
        ``image_id``, ``group``, ``label``, ``set`` (of the classifier), ``jaccard``,
        ``in_sample`` (the U-Net trained on the photograph), ordered by image_id.
    """
    seen = split.query("task == 'segmentation' and set == 'train'")["image_id"]
    shown = split.query("task == 'classification'")
    columns = ["image_id", "group", "label", "set"]
    table = shown[columns].merge(scores[["image_id", "jaccard"]], on="image_id")
    return table.assign(in_sample=table["image_id"].isin(seen)).sort_values("image_id")


def compare_in_sample(scores: pd.DataFrame, split: pd.DataFrame) -> dict[str, Any]:
    """Compare masks of training photographs that the U-Net saw and did not see.

    Parameters
    ----------
    scores : DataFrame
        Columns ``image_id`` and ``jaccard``.
    split : DataFrame
        The split table of one fold.

    Returns
    -------
    dict
        ``in_sample`` and ``out_of_sample``, each with ``n`` and ``jaccard`` (the mean).
    """
    shown = flag_in_sample(scores, split).query("set == 'train'")
    inside = shown["in_sample"]
    return {
        name: {"n": int(flags.sum()), "jaccard": _round(shown["jaccard"][flags].mean())}
        for name, flags in (("in_sample", inside), ("out_of_sample", ~inside))
    }
