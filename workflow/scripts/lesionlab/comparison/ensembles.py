"""Ensembles over the seeds of an arm: arms of their own, one training each."""

from collections.abc import Sequence
from typing import Any

from lesionlab.comparison.estimates import describe, estimate
from lesionlab.comparison.trainings import Fold, average_seeds, score_folds, seeds_of
from lesionlab.statistics.metrics import METRICS

MEANT = tuple(metric for metric in METRICS if metric != "matched_sensitivity")


def compare_ensembles(
    folds: Sequence[Fold],
    *,
    arms: Sequence[str],
    confidence: float,
    replicates: int,
    seed: int,
) -> dict[str, Any]:
    """Score the mean probabilities of each arm's seeds, over lesions alone.

    An ensemble is better than its members and varies less, and there is one of it: so
    it says nothing about a single training and has no interval over trainings.

    Parameters
    ----------
    folds : sequence of Fold
        From :func:`lesionlab.comparison.trainings.read_folds`.
    arms : sequence of str
        Those with several seeds are averaged, over the seeds that all of these have;
        the first is the baseline.
    confidence : float
        Of the intervals, in 0..1.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``members``, ``arms`` and ``differences`` (from the first arm with several
        seeds), each by arm and metric; empty where no arm has several seeds.
    """
    several = [arm for arm in arms if len(seeds_of(folds, arm)) > 1]
    size = len(seeds_of(folds, *several)) if several else 0
    if size < 2:
        return {"members": {}, "arms": {}, "differences": {}}
    wholes = list(average_seeds(folds, several))
    scores = score_folds(wholes, replicates=replicates, seed=seed, metrics=MEANT)

    def figures(*names: str) -> dict[str, Any]:
        whole = {}
        for metric in MEANT:
            bounds = describe(estimate(wholes, scores, metric, *names), confidence)
            kept = ("value", "lesions_low", "lesions_high")
            whole[metric] = {name: bounds[name] for name in kept}
        return whole

    return {
        "members": dict.fromkeys(several, size),
        "arms": {arm: figures(arm) for arm in several},
        "differences": {arm: figures(several[0], arm) for arm in several[1:]},
    }
