"""Compare arms on the same photographs: paired intervals and McNemar's test."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.contingency_tables import mcnemar

from lesionlab.classification.bootstrap import bootstrap
from lesionlab.classification.metrics import Outcome
from lesionlab.errors import LabError

COMPARED = ("accuracy", "balanced_accuracy", "sensitivity", "auc")
KEY = ["fold", "image_id"]


def average_seeds(predictions: pd.DataFrame) -> pd.DataFrame:
    """Average the probabilities of all seeds of an arm: one row a test photograph.

    Parameters
    ----------
    predictions : DataFrame
        The tidy table: ``arm``, ``fold``, ``seed``, ``image_id``, ``group``, ``label``,
        ``set`` and ``prob_<CLASS>``.

    Returns
    -------
    DataFrame
        Test rows, without ``seed`` and ``set``, sorted by arm, fold and image.
    """
    test = predictions[predictions["set"] == "test"]
    by = ["arm", "fold", "image_id", "group", "label"]
    return test.drop(columns=["seed", "set"]).groupby(by, as_index=False).mean()


def align_arms(averaged: pd.DataFrame, arms: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Give each arm's rows in one order, or refuse to compare.

    Parameters
    ----------
    averaged : DataFrame
        From :func:`average_seeds`.
    arms : sequence of str
        The arms to compare; the first is the baseline.

    Returns
    -------
    dict of DataFrame
        By arm, with equal ``image_id``, ``fold``, ``group`` and ``label`` columns.

    Raises
    ------
    LabError
        If two arms were tested on unlike photographs or labels.
    """
    tables = {}
    for arm in arms:
        rows = averaged[averaged["arm"] == arm].sort_values(KEY)
        tables[arm] = rows.reset_index(drop=True)
        first = tables[arms[0]]
        for column in (*KEY, "label", "group"):
            if not first[column].equals(tables[arm][column]):
                raise LabError(
                    f"arms {arms[0]} and {arm}: unlike test sets ({column} differs); "
                    "predict both on the same split"
                )
    return tables


def score_arms(
    outcomes: Mapping[str, Outcome], weights: np.ndarray, *, confidence: float
) -> dict[str, dict[str, Any]]:
    """Score each arm with its intervals, tables and confusion matrix.

    Parameters
    ----------
    outcomes : Mapping
        By arm.
    weights : ndarray of int, shape (R, N)
        The same draws for every arm.
    confidence : float
        Of the intervals.

    Returns
    -------
    dict
        By arm.
    """
    return {
        arm: {
            **bootstrap(outcome.score, weights, confidence=confidence),
            "per_class": outcome.table_per_class(),
            "confusion_matrix": outcome.confusion(),
        }
        for arm, outcome in outcomes.items()
    }


def compare_pairs(
    outcomes: Mapping[str, Outcome],
    tables: Mapping[str, pd.DataFrame],
    weights: np.ndarray,
    *,
    confidence: float,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Compare every pair of arms.

    Parameters
    ----------
    outcomes, tables : Mapping
        By arm, in one order of rows.
    weights : ndarray of int, shape (R, N)
        Each replicate draws the same lesions for both arms, so intervals are paired.
    confidence : float
        Of the intervals.

    Returns
    -------
    pairs : list of dict
        ``a``, ``b``, ``metric``, ``difference`` (b minus a), ``low``, ``high``,
        ``p_value`` (of accuracy by McNemar's test; None for the others).
    tests : list of dict
        From :func:`compare_accuracy`, one a pair.
    """
    pairs, tests = [], []
    for a, b in combinations(outcomes, 2):

        def difference(
            w: np.ndarray, first: Outcome = outcomes[a], second: Outcome = outcomes[b]
        ) -> dict[str, float | None]:
            left, right = first.score(w), second.score(w)
            return {name: _subtract(right[name], left[name]) for name in COMPARED}

        test = {"a": a, "b": b, **compare_accuracy(outcomes[a], outcomes[b], tables[a])}
        tests.append(test)
        intervals = bootstrap(difference, weights, confidence=confidence)
        for metric, figure in intervals.items():
            pairs.append(
                {
                    "a": a,
                    "b": b,
                    "metric": metric,
                    "difference": figure["value"],
                    "low": figure["low"],
                    "high": figure["high"],
                    "p_value": test["p_value"] if metric == "accuracy" else None,
                }
            )
    return pairs, tests


def compare_accuracy(a: Outcome, b: Outcome, table: pd.DataFrame) -> dict[str, Any]:
    """Exact McNemar test on one photograph per lesion, that of the lowest image_id.

    Photographs of one lesion are not independent, as the test demands (McNemar, 1947).

    Parameters
    ----------
    a, b : Outcome
        Of the same rows.
    table : DataFrame
        Columns ``image_id`` and ``group`` of those rows.

    Returns
    -------
    dict
        ``n`` photographs, ``only_a`` and ``only_b`` (how many one arm alone decided
        rightly), ``p_value``.
    """
    order = table["image_id"].sort_values(kind="stable").index
    chosen = table.loc[order].drop_duplicates("group").index.to_numpy()
    right_a = (a.truth == a.decision)[chosen]
    right_b = (b.truth == b.decision)[chosen]
    cells = [
        [int(np.sum(right_a & right_b)), int(np.sum(right_a & ~right_b))],
        [int(np.sum(~right_a & right_b)), int(np.sum(~right_a & ~right_b))],
    ]
    p_value = float(mcnemar(cells, exact=True).pvalue)
    return {
        "n": len(chosen),
        "only_a": cells[0][1],
        "only_b": cells[1][0],
        "p_value": round(min(1.0, p_value), 6),
    }


def _subtract(b: float | None, a: float | None) -> float | None:
    return None if a is None or b is None else b - a
