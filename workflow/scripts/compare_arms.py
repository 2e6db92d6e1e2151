"""Compare the arms on the test photographs that they share."""

import pandas as pd
from sklearn.metrics import roc_curve

from lesionlab.classification.bootstrap import draw_weights
from lesionlab.classification.metrics import Outcome
from lesionlab.comparison.pairs import (
    align_arms,
    average_seeds,
    compare_pairs,
    score_arms,
)
from lesionlab.files import atomic_path, read_csv, read_json, write_csv, write_json
from lesionlab.report.stamps import list_stamps
from lesionlab.report.words import answer_question, write_headline
from lesionlab.stage import Options, Paths, provenance, run_stage

PAIR_COLUMNS = ["a", "b", "metric", "difference", "low", "high", "p_value"]


def main(paths: Paths, *, options: Options) -> None:
    predictions = read_csv(paths.predictions)
    positive, confidence = options["positive_class"], options["confidence"]
    tables = align_arms(average_seeds(predictions), options["arms"])
    outcomes = {
        arm: Outcome(table, classes=options["classes"], positive=positive)
        for arm, table in tables.items()
    }
    groups = next(iter(tables.values()))["group"]
    weights = draw_weights(
        groups, replicates=options["replicates"], seed=options["seed"]
    )
    scores = score_arms(outcomes, weights, confidence=confidence)
    pairs, tests = compare_pairs(outcomes, tables, weights, confidence=confidence)
    trainings = predictions[["fold", "seed"]].drop_duplicates()
    answer = answer_question(
        pairs, positive=positive, confidence=confidence, trainings=len(trainings)
    )
    curves = []
    for arm, outcome in outcomes.items():
        fpr, tpr, _ = roc_curve(outcome.truth == outcome.positive, outcome.probability)
        curves.append(pd.DataFrame({"arm": arm, "fpr": fpr, "tpr": tpr}))
    write_csv(paths.roc, pd.concat(curves).round(6))
    write_csv(paths.pairs, pd.DataFrame(pairs, columns=PAIR_COLUMNS))
    stamps = list_stamps(
        source=options["source"],
        split_audit=read_json(paths.split_audit),
        positive=positive,
    )
    headline = write_headline(scores, positive=positive, answer=answer, stamps=stamps)
    with atomic_path(paths.headline) as draft:
        draft.write_text(headline, encoding="utf-8")
    write_json(
        paths.comparison,
        {
            "n": len(groups),
            "n_groups": int(groups.nunique()),
            "stamps": stamps,
            "answer": answer,
            "classes": options["classes"],
            "positive_class": positive,
            "confidence": confidence,
            "replicates": options["replicates"],
            # probabilities are averaged over seeds before any test
            "seeds_averaged": int(predictions["seed"].nunique()),
            "folds_pooled": int(predictions["fold"].nunique()),
            "arms": scores,
            "pairs": pairs,
            "mcnemar": tests,
            **provenance(
                options["code"], ("numpy", "pandas", "scikit-learn", "statsmodels")
            ),
        },
    )


if __name__ == "__main__":
    run_stage(main)
