"""Compare the arms on the test photographs that they share."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import pandas as pd

from lesionlab.comparison.averages import average_classes, average_roc
from lesionlab.comparison.by_class import compare_by_class
from lesionlab.comparison.ensembles import compare_ensembles
from lesionlab.comparison.estimates import (
    Scores,
    compare_pairs,
    describe,
    estimate,
)
from lesionlab.comparison.ladder import climb
from lesionlab.comparison.networks import compare_networks
from lesionlab.comparison.trainings import Fold, read_folds, score_folds, seeds_of
from lesionlab.comparison.verdict import judge, split
from lesionlab.files import read_csv, write_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage
from lesionlab.statistics.metrics import METRICS

COPIED = ["classes", "positive_class", "confidence", "replicates", "primary"]
COPIED += ["margin", "specificity"]
PAIR_COLUMNS = ["a", "b", "metric", "difference", "low", "high", "lesions_low"]
PAIR_COLUMNS += ["lesions_high", "p_value", "p_holm", "trainings"]


def describe_arms(
    folds: Sequence[Fold], scores: Scores, options: Options
) -> dict[str, dict[str, Any]]:
    confidence, classes = options["confidence"], options["classes"]
    return {
        arm: {
            metric: describe(estimate(folds, scores, metric, arm), confidence)
            for metric in METRICS
        }
        | average_classes(folds, arm, classes)
        for arm in options["arms"]
    }


def judge_pairs(
    folds: Sequence[Fold], scores: Scores, options: Options
) -> list[dict[str, Any]]:
    primary = options["primary"]
    rules = {"margin": options["margin"], "confidence": options["confidence"]}
    verdicts = []
    for a, b in combinations(options["arms"], 2):
        figure = estimate(folds, scores, primary, a, b)
        verdict = judge(figure, metric=primary, **rules)
        verdicts.append({"a": a, "b": b, **verdict, "variance": split(figure)})
    return verdicts


def main(paths: Paths, *, options: Options) -> None:
    arms, primary, confidence = (options[k] for k in ("arms", "primary", "confidence"))
    predictions = read_csv(paths.predictions)
    reading = {key: options[key] for key in ("classes", "specificity")}
    draws = {key: options[key] for key in ("replicates", "seed")}
    rules = {key: options[key] for key in ("primary", "margin", "confidence")}
    folds = read_folds(predictions, positive=options["positive_class"], **reading)
    scores = score_folds(folds, **draws)
    pairs = compare_pairs(folds, scores, arms, primary=primary, confidence=confidence)
    trainings = [
        {"arm": arm, "fold": fold, "seed": seed, **scored.values}
        for (arm, fold, seed), scored in scores.items()
    ]
    write_csv(paths.trainings, pd.DataFrame(trainings).round(6))
    write_csv(paths.roc, pd.concat([average_roc(folds, a) for a in arms]).round(6))
    write_csv(paths.pairs, pd.DataFrame(pairs, columns=PAIR_COLUMNS))
    photographs = pd.concat([fold.photographs for fold in folds])
    own = photographs[photographs["label"] == options["positive_class"]]
    shared = {"confidence": confidence, **draws}
    by_class = [
        row
        for a, b in pairwise(arms[:2])
        for row in compare_by_class(predictions, a=a, b=b, **reading, **shared)
    ]
    comparison = {
        "n": len(photographs),
        "n_groups": int(photographs["group"].nunique()),
        "n_positive_groups": int(own["group"].nunique()),
        **{key: options[key] for key in COPIED},
        "folds": [fold.name for fold in folds],
        "seeds": {arm: seeds_of(folds, arm) for arm in arms},
        "arms": describe_arms(folds, scores, options),
        "pairs": pairs,
        "verdicts": judge_pairs(folds, scores, options),
        "ladder": climb(folds, scores, arms, **rules),
        "by_class": by_class,
        "networks": compare_networks(folds, arms),
        "ensembles": compare_ensembles(folds, arms=arms, **shared),
    }
    versions = ("numpy", "pandas", "scikit-learn", "statsmodels")
    made = provenance(options["code"], versions)
    write_json(paths.comparison, {**comparison, **made})


if __name__ == "__main__":
    run_stage(main)
