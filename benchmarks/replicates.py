"""Bootstrap replicates a second: ours, the least that must be computed, one by one.

    PYTHONPATH=workflow/scripts python benchmarks/replicates.py

The least is to draw the lesions and to multiply their weights with one kernel, a column
a photograph of the positive class. One by one is scikit-learn's AUC and average
precision in a loop, reckoned from fewer replicates.
"""

import time

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from lesionlab.statistics.metrics import METRICS, Outcome
from lesionlab.statistics.resampling import Lesions, bootstrap

REPLICATES, ONE_BY_ONE = 10_000, 100
SIZES = {"hold-out test set": (51, 350), "a fold of five": (223, 1780)}


def make(positives, others):
    """Outcome and lesions of a made-up test set of three classes."""
    draw = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], [positives, others * 3 // 4, others - others * 3 // 4])
    logits = draw.normal(size=(len(truth), 3)) + 2 * np.eye(3)[truth]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    groups = np.concatenate([np.flatnonzero(truth == c) // 4 * 3 + c for c in range(3)])
    outcome = Outcome(truth, p, positive=0, threshold=0.5)
    return outcome, Lesions(groups, truth)


def timed(work):
    """Seconds of the fastest of three."""
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def main():
    for name, (positives, others) in SIZES.items():
        outcome, lesions = make(positives, others)
        kernel = np.random.default_rng(1).random((lesions.count, positives))

        def ours(outcome=outcome, lesions=lesions):
            draws = np.random.default_rng(1)
            bootstrap([outcome], lesions, replicates=REPLICATES, generator=draws)

        def least(lesions=lesions, kernel=kernel):
            for weights in lesions.draw(REPLICATES, np.random.default_rng(1)):
                weights @ kernel

        def one_by_one(outcome=outcome, lesions=lesions):
            own, score = outcome.truth == 0, outcome.probabilities[:, 0]
            for weights in lesions.draw(ONE_BY_ONE, np.random.default_rng(1)):
                for row in weights[:, lesions.member]:
                    roc_auc_score(own, score, sample_weight=row)
                    average_precision_score(own, score, sample_weight=row)

        mine, floor, loop = timed(ours), timed(least), timed(one_by_one)
        print(
            f"{name}: {REPLICATES} replicates of {len(METRICS)} metrics {mine:.2f} s, "
            f"least {floor:.2f} s, one by one (two metrics) "
            f"{loop * REPLICATES / ONE_BY_ONE:.0f} s"
        )


if __name__ == "__main__":
    main()
