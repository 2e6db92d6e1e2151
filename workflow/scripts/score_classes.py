"""Score the test predictions of one training."""

from lesionlab.comparison.estimates import (
    describe,
    estimate,
    rounded,
)
from lesionlab.comparison.trainings import read_folds, score_folds
from lesionlab.files import read_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage
from lesionlab.statistics.metrics import METRICS, read_outcome


def main(paths: Paths, *, options: Options) -> None:
    arm, fold, seed = (options[key] for key in ("arm", "fold", "seed"))
    table = read_csv(paths.predictions).assign(arm=arm, fold=fold, seed=seed)
    names = {"classes": options["classes"], "positive": options["positive_class"]}
    folds = read_folds(table, **names, specificity=options["specificity"])
    scores = score_folds(
        folds, replicates=options["replicates"], seed=options["bootstrap_seed"]
    )
    figures = {}
    for metric in METRICS:
        figure = estimate(folds, scores, metric, arm)
        whole = describe(figure, options["confidence"])
        figures[metric] = {
            "value": whole["value"],
            "low": whole["lesions_low"],
            "high": whole["lesions_high"],
        }
    outcome = folds[0].outcomes[arm, seed]
    valid = read_outcome(table[table["set"] == "valid"], **names)
    write_json(
        paths.scores,
        {
            "n": len(outcome.truth),
            "n_groups": folds[0].lesions.count,
            **figures,
            "threshold": rounded(outcome.threshold),
            "per_class": outcome.table_per_class(options["classes"]),
            "confusion_matrix": outcome.confusion(),
            "classes": options["classes"],
            "valid": {name: rounded(value[0]) for name, value in valid.score().items()},
            **provenance(options["code"], ("numpy", "pandas", "scikit-learn")),
        },
    )


if __name__ == "__main__":
    run_stage(main)
