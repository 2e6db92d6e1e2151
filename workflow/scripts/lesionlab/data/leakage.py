"""Say how much a split leaks: test photographs whose lesion is in training too."""

from typing import Any

import pandas as pd


def leakage_by_class(split: pd.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Share of test photographs whose group is in the training set.

    Parameters
    ----------
    split : DataFrame
        The split table.

    Returns
    -------
    dict
        ``[fold][task][label]`` and ``[fold][task]["all"]`` in 0..1, None for an empty
        test set.
    """
    shares: dict[str, dict[str, dict[str, Any]]] = {}
    for (fold, task), part in split.groupby(["fold", "task"]):
        trained = set(part.loc[part["set"] == "train", "group"])
        test = part[part["set"] == "test"]
        seen = test["group"].isin(trained)
        by_class = {
            label: _mean(seen[test["label"] == label])
            for label in sorted(split["label"].unique())
        }
        by_class["all"] = _mean(seen)
        shares.setdefault(str(fold), {})[str(task)] = by_class
    return shares


def count_sets(split: pd.DataFrame) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Count the photographs of each set.

    Parameters
    ----------
    split : DataFrame
        The split table.

    Returns
    -------
    dict
        ``[fold][task][set][label]``.
    """
    counts: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
    sizes = split.groupby(["fold", "task", "set", "label"]).size()
    for (fold, task, name, label), number in sizes.items():
        sets = counts.setdefault(str(fold), {}).setdefault(str(task), {})
        sets.setdefault(str(name), {})[str(label)] = int(number)
    return counts


def in_sample_share(split: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Share of the classifier's training photographs that the U-Net trained on.

    Their predicted masks are better than those of new photographs.

    Parameters
    ----------
    split : DataFrame
        The split table.

    Returns
    -------
    dict
        ``[fold][label]`` in 0..1.
    """
    shares: dict[str, dict[str, float | None]] = {}
    for fold, part in split.groupby("fold"):
        train = part[part["set"] == "train"]
        seen = set(train.loc[train["task"] == "segmentation", "image_id"])
        photographs = train[train["task"] == "classification"]
        inside = photographs["image_id"].isin(seen)
        shares[str(fold)] = {
            label: _mean(inside[photographs["label"] == label])
            for label in sorted(split["label"].unique())
        }
    return shares


def _mean(flags: pd.Series) -> float | None:
    return round(float(flags.mean()), 6) if len(flags) else None
