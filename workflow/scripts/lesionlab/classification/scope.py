"""What the pictures of an arm belong to: to one fold, or to the whole run.

Predicted masks differ from fold to fold, photographs and the expert's masks do not:
what hangs on those alone is rendered and packed once, whatever the number of folds.
"""

import pandas as pd

RUN = "data"  # also the folder of what no fold changes


def arm_scope(mask: str, fold: str) -> str:
    """Say where the pictures of an arm lie.

    Parameters
    ----------
    mask : {"none", "true", "predicted"}
        Which mask the arm needs.
    fold : str
        The fold that asks: ``fold0``.

    Returns
    -------
    str
        The fold, or :data:`RUN`.
    """
    return fold if mask == "predicted" else RUN


def list_photographs(split: pd.DataFrame, scope: str) -> list[str]:
    """List the photographs that the classifier uses.

    Parameters
    ----------
    split : DataFrame
        Columns ``image_id``, ``fold``, ``task``.
    scope : str
        A fold, or :data:`RUN` for all of them.

    Returns
    -------
    list of str
        Image ids, each once, sorted.
    """
    used = split[split["task"] == "classification"]
    if scope != RUN:
        used = used[used["fold"] == scope]
    return sorted(set(used["image_id"]))
