"""Score the test predictions of one training."""

from lesionlab.classification.bootstrap import bootstrap, draw_weights
from lesionlab.classification.metrics import Outcome
from lesionlab.files import read_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    table = read_csv(paths.predictions)
    test = table[table["set"] == "test"]
    names = {"classes": options["classes"], "positive": options["positive_class"]}
    outcome = Outcome(test, **names)
    weights = draw_weights(
        test["group"], replicates=options["replicates"], seed=options["seed"]
    )
    valid = Outcome(table[table["set"] == "valid"], **names).score()
    write_json(
        paths.scores,
        {
            "n": len(test),
            "n_groups": int(test["group"].nunique()),
            **bootstrap(outcome.score, weights, confidence=options["confidence"]),
            "per_class": outcome.table_per_class(),
            "confusion_matrix": outcome.confusion(),
            "classes": options["classes"],
            "valid": valid,
            **provenance(options["code"], ("numpy", "pandas", "scikit-learn")),
        },
    )


if __name__ == "__main__":
    run_stage(main)
