"""Compare the arms on the test photographs that they share."""

from itertools import combinations

import pandas as pd

from lesionlab.comparison.averages import average_classes, average_roc
from lesionlab.comparison.by_class import compare_by_class
from lesionlab.comparison.ensembles import compare_ensembles
from lesionlab.comparison.estimates import compare_pairs, describe, estimate
from lesionlab.comparison.ladder import climb
from lesionlab.comparison.networks import compare_networks
from lesionlab.comparison.trainings import read_folds, score_folds, seeds_of
from lesionlab.comparison.verdict import judge, split
from lesionlab.files import read_csv, write_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage
from lesionlab.statistics.metrics import METRICS


def main(paths: Paths, *, options: Options) -> None:
    arms, primary, confidence = (options[k] for k in ("arms", "primary", "confidence"))
    predictions = read_csv(paths.predictions)
    folds = read_folds(
        predictions,
        classes=options["classes"],
        positive=options["positive_class"],
        specificity=options["specificity"],
    )
    draws = {"replicates": options["replicates"], "seed": options["seed"]}
    scores = score_folds(folds, **draws)
    pairs = compare_pairs(folds, scores, arms, primary=primary, confidence=confidence)
    figures = {
        pair: estimate(folds, scores, primary, *pair) for pair in combinations(arms, 2)
    }
    rules = {"metric": primary, "margin": options["margin"], "confidence": confidence}
    trainings = [
        {"arm": arm, "fold": fold, "seed": seed, **scored.values}
        for (arm, fold, seed), scored in scores.items()
    ]
    write_csv(paths.trainings, pd.DataFrame(trainings).round(6))
    write_csv(paths.roc, pd.concat([average_roc(folds, a) for a in arms]).round(6))
    write_csv(paths.pairs, pd.DataFrame(pairs, columns=PAIR_COLUMNS))
    photographs = pd.concat([fold.photographs for fold in folds])
    own = photographs[photographs["label"] == options["positive_class"]]
    shared = {"arms": arms, "confidence": confidence}
    write_json(
        paths.comparison,
        {
            "n": len(photographs),
            "n_groups": int(photographs["group"].nunique()),
            "n_positive_groups": int(own["group"].nunique()),
            **{key: options[key] for key in COPIED},
            "folds": [fold.name for fold in folds],
            "seeds": {arm: seeds_of(folds, arm) for arm in arms},
            "arms": {
                arm: {
                    metric: describe(estimate(folds, scores, metric, arm), confidence)
                    for metric in METRICS
                }
                | average_classes(folds, arm, options["classes"])
                for arm in arms
            },
            "pairs": pairs,
            "verdicts": [
                {"a": a, "b": b, **judge(figure, **rules), "variance": split(figure)}
                for (a, b), figure in figures.items()
            ],
            "ladder": climb(
                folds,
                scores,
                arms,
                primary=primary,
                margin=options["margin"],
                confidence=confidence,
            ),
            "by_class": compare_by_class(
                predictions,
                a=arms[0],
                b=arms[1],
                classes=options["classes"],
                specificity=options["specificity"],
                confidence=confidence,
                **draws,
            )
            if len(arms) > 1
            else [],
            "networks": compare_networks(folds, arms),
            "ensembles": compare_ensembles(folds, **shared, **draws),
            **provenance(
                options["code"], ("numpy", "pandas", "scikit-learn", "statsmodels")
            ),
        },
    )


COPIED = ["classes", "positive_class", "confidence", "replicates", "primary"]
COPIED += ["margin", "specificity"]
PAIR_COLUMNS = ["a", "b", "metric", "difference", "low", "high", "lesions_low"]
PAIR_COLUMNS += ["lesions_high", "p_value", "p_holm", "trainings"]


if __name__ == "__main__":
    run_stage(main)
