"""Paired tests of these networks on other lesions; they know of no other training."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import norm

from lesionlab.comparison.estimates import rounded
from lesionlab.comparison.trainings import Fold, seeds_of
from lesionlab.statistics.paired_tests import compare_auc, mcnemar_clustered


def compare_networks(
    folds: Sequence[Fold], arms: Sequence[str]
) -> list[dict[str, Any]]:
    """Test every pair of arms, the networks that were trained being given.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`lesionlab.comparison.trainings.read_folds`.
    arms : sequence of str
        The first is the baseline.

    Returns
    -------
    list of dict
        ``a``, ``b``; ``auc``: the mean difference within folds (b minus a), its
        standard error and p by Obuchowski (1997); ``mcnemar``: ``n`` decisions (one a
        photograph and seed), statistic, p and the decisions that one arm alone made
        rightly, by Durkalski et al. (2003), clustered by lesion.
    """
    return [
        {
            "a": a,
            "b": b,
            "auc": _test_auc(folds, a, b),
            "mcnemar": _mcnemar(folds, a, b),
        }
        for a, b in combinations(arms, 2)
        if seeds_of(folds, a, b)
    ]


def _test_auc(folds: Sequence[Fold], a: str, b: str) -> dict[str, float | None]:
    seeds = seeds_of(folds, a, b)
    differences: list[float] = []
    variances: list[float] = []
    for fold in folds:
        scores = {
            arm: np.stack([_positive(fold, arm, seed) for seed in seeds])
            for arm in (a, b)
        }
        first = fold.outcomes[a, seeds[0]]
        test = compare_auc(
            first.truth == first.positive, scores[a], scores[b], fold.lesions.member
        )
        if test["difference"] is None or test["se"] is None:
            return {"difference": None, "se": None, "p_value": None}
        differences.append(test["difference"])
        variances.append(test["se"] ** 2)
    difference = float(np.mean(differences))
    se = float(np.sqrt(sum(variances)) / len(folds))
    p = float(2 * norm.sf(abs(difference) / se)) if se else None
    return {
        "difference": rounded(difference),
        "se": rounded(se),
        "p_value": rounded(p),
    }


def _positive(fold: Fold, arm: str, seed: str) -> np.ndarray:
    outcome = fold.outcomes[arm, seed]
    return np.asarray(outcome.probabilities[:, outcome.positive])


def _mcnemar(folds: Sequence[Fold], a: str, b: str) -> dict[str, Any]:
    right: dict[str, list[np.ndarray]] = {a: [], b: []}
    clusters = []
    start = 0
    for fold in folds:
        for seed in seeds_of(folds, a, b):
            clusters.append(fold.lesions.member + start)
            for arm in (a, b):
                outcome = fold.outcomes[arm, seed]
                right[arm].append(outcome.truth == outcome.decision)
        start += fold.lesions.count
    return mcnemar_clustered(
        np.concatenate(right[a]), np.concatenate(right[b]), np.concatenate(clusters)
    )
