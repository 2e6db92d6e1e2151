"""Every class is there: in the data, and in each set that the classifier uses."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from lesionlab.errors import LabError


def check_classes(
    labels: pd.Series,
    classes: Collection[str],
    refused: Mapping[str, Mapping[str, int]] | None = None,
) -> None:
    """Refuse data in which a class is empty.

    Parameters
    ----------
    labels : Series of str
        Of each photograph.
    classes : collection of str, or mapping of sequences of str
        Those of the config, and their diagnoses where these are known.
    refused : Mapping, optional
        Label, or empty where there is none: reason: how many, of those that were
        refused before.

    Raises
    ------
    LabError
        Names the first class that has no photograph, and what became of its own.
    """
    left = set(labels)
    for label in classes:
        if label in left:
            continue
        named = ""
        if isinstance(classes, Mapping):
            named = f" ({', '.join(classes[label])})"
        raise LabError(
            f"dataset.classes: {label}{named}: no usable photograph"
            f"{_what_became(label, refused)}; mend the data, or set "
            f"dataset.classes.{label} to null"
        )


def _what_became(label: str, refused: Mapping[str, Mapping[str, int]] | None) -> str:
    if refused is None:
        return " (data/quarantine.csv lists what was refused)"
    own, other = refused.get(label, {}), refused.get("", {})
    why = ", ".join(f"{reason} {n}" for reason, n in (own or other).items())
    whose = "of it" if own else "of no class"
    return f"; refused {whose}: {why}" if why else ", and the tables name none"


def check_sets(
    split: pd.DataFrame,
    classes: Collection[str],
    *,
    protocol: str,
    sizes: Mapping[str, Mapping[str, Any]],
) -> None:
    """Refuse a split in which a set of the classifier lacks a class.

    Without one in training a network cannot learn it, without one in validation or
    test nothing can be said about it. Where counts ask for 0 of a class, this is meant.

    Parameters
    ----------
    split : DataFrame
        From :func:`lesionlab.data.split.make_split`.
    classes : collection of str
        Those of the config.
    protocol : str
        Of the split.
    sizes : Mapping
        ``sizes[task][set]`` as in the config.

    Raises
    ------
    LabError
        Names the first fold, set and class.
    """
    own = split[split["task"] == "classification"]
    found = set(zip(own["fold"], own["set"], own["label"], strict=True))
    for fold in sorted(split["fold"].unique()):
        for name in ("train", "valid", "test"):
            size = sizes["classification"].get(name)
            counts = size if isinstance(size, Mapping) else {}
            for label in classes:
                if (fold, name, label) in found or counts.get(label) == 0:
                    continue
                if protocol == "kfold" and name == "test":
                    key, mend = "folds", "ask for fewer folds or try another split.seed"
                elif size == "all":
                    key, mend = "classification.train", "ask for less in the other sets"
                else:
                    key = f"classification.{name}"
                    mend = "ask for more of it, or give counts per class"
                raise LabError(f"split.{key}: {name} of {fold} has no {label}; {mend}")
