"""How well arms do where the predicted mask is good, and where it is not."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

FAILED, GOOD = 0.65, 0.85  # ISIC 2018 counts a Jaccard below the first as a failure
BANDS = ("below 0.65", "0.65 to 0.85", "above 0.85")
COLUMNS = ["jaccard", "arm", "n", "n_positive", "sensitivity", "accuracy"]
COLUMNS += ["probability"]


def band_of(jaccard: pd.Series) -> pd.Series:
    """Name the band of each Jaccard index: failed, middling or good."""
    edges = [-1.0, FAILED, GOOD, 1.0 + 1e-9]
    # a Jaccard of 0.65 has not failed, one of 0.85 is not yet above it
    names = pd.cut(jaccard.where(jaccard != FAILED, FAILED + 1e-9), edges, labels=BANDS)
    return names.astype(str)


def tabulate_by_mask(
    predictions: pd.DataFrame,
    masks: pd.DataFrame,
    *,
    arms: Sequence[str],
    classes: Sequence[str],
    positive: str,
) -> pd.DataFrame:
    """Tabulate the outcome of arms by the Jaccard of the predicted mask.

    Every photograph is decided once a training, by the network of its fold; figures
    are means over trainings. Every mask is one that the U-Net of the fold did not train
    on: a split keeps lesions of the classifier's test set from it.

    Parameters
    ----------
    predictions : DataFrame
        The tidy table: ``arm``, ``fold``, ``seed``, ``image_id``, ``label``, ``set``
        and ``prob_<CLASS>``; its test rows are taken.
    masks : DataFrame
        ``fold``, ``image_id``, ``jaccard``.
    arms : sequence of str
        To be tabulated.
    classes : sequence of str
        In the order of the class numbers.
    positive : str
        The positive class.

    Returns
    -------
    DataFrame
        A row for each ``jaccard`` (its band) and ``arm`` with photographs: ``n`` and
        ``n_positive`` photographs, ``sensitivity`` for the positive class,
        ``accuracy``, and ``probability``, the mean probability of the true class.
    """
    wanted = (predictions["set"] == "test") & predictions["arm"].isin(arms)
    table = predictions[wanted].merge(masks, on=["fold", "image_id"], validate="m:1")
    given = table[[f"prob_{label}" for label in classes]].to_numpy(float)
    truth = pd.Index(list(classes)).get_indexer(table["label"])
    table["right"] = given.argmax(axis=1) == truth
    table["probability"] = given[range(len(given)), truth]
    table["band"] = band_of(table["jaccard"])
    rows: list[dict[str, Any]] = []
    for band in BANDS:
        for arm in arms:
            own = table[(table["band"] == band) & (table["arm"] == arm)]
            if len(own):
                rows.append({"jaccard": band, "arm": arm} | _summarise(own, positive))
    return pd.DataFrame(rows, columns=COLUMNS)


def _summarise(part: pd.DataFrame, positive: str) -> dict[str, Any]:
    own = part[part["label"] == positive]
    photographs = ["fold", "image_id"]
    return {
        "n": len(part.drop_duplicates(photographs)),
        "n_positive": len(own.drop_duplicates(photographs)),
        "sensitivity": own["right"].mean(),
        "accuracy": part["right"].mean(),
        "probability": part["probability"].mean(),
    }
