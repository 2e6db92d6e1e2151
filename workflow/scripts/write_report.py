"""Write the report: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lesionlab.classification.scope import RUN
from lesionlab.files import atomic_path, read_csv, read_json
from lesionlab.report import result_tables, tables
from lesionlab.report.page import embed_picture, fill_template
from lesionlab.stage import Options, Paths, run_stage
from lesionlab.words import passages
from lesionlab.words.answers import answer_question
from lesionlab.words.limits import list_limits
from lesionlab.words.phrases import name_metric
from lesionlab.words.reasons import explain_ladder
from lesionlab.words.stamps import list_stamps
from lesionlab.words.truths import tell_truth

FIGURES = (
    "flow",
    "characteristics",
    "samples",
    "arms",
    "trainings",
    "outcomes",
    "verdict",
    "scores",
    "differences",
)


def read_all(names: Sequence[str], files: Sequence[Path]) -> dict[str, dict[str, Any]]:
    return dict(zip(names, map(read_json, files), strict=True))


def count_trainings(comparison: Mapping[str, Any]) -> int:
    """Count the trainings that stand behind the answer, in each fold."""
    first = list(comparison["seeds"].values())[:2]
    return len(set.intersection(*map(set, first)))


def show_answer(
    paths: Paths, options: Options, comparison: Mapping[str, Any]
) -> dict[str, Any]:
    phantom, primary = options["phantom"], comparison["primary"]
    return {
        "answer": answer_question(comparison, configs=list(map(str, paths.configs))),
        "truth": tell_truth(comparison, **phantom) if phantom else [],
        "primary": name_metric(primary, comparison["positive_class"]),
        "margin": f"{comparison['margin']:g}",
        "confidence": f"{comparison['confidence']:.0%}",
        "replicates": comparison["replicates"],
        "specificity": f"{comparison['specificity']:.0%}",
        "positive": comparison["positive_class"],
        "intervals_text": passages.describe_intervals(comparison),
        "design_text": passages.describe_design(comparison),
        "variance_text": passages.describe_variance(comparison),
        "ladder_text": explain_ladder(comparison),
    }


def show_results(
    paths: Paths, options: Options, comparison: Mapping[str, Any]
) -> dict[str, Any]:
    pairs = [(verdict["a"], verdict["b"]) for verdict in comparison["verdicts"]]
    by_mask = getattr(paths, "by_mask", None)
    return {
        "arms": result_tables.arm_table(comparison),
        "metrics": result_tables.metric_table(comparison),
        "differences": [
            {
                "arms": f"{b} − {a}",
                **result_tables.difference_table(comparison, a, b),
            }
            for a, b in pairs
        ],
        "verdicts": result_tables.verdict_table(comparison),
        "by_class": result_tables.class_difference_table(comparison),
        "variance": result_tables.variance_table(comparison),
        "networks": result_tables.network_table(comparison),
        "ensembles": result_tables.ensemble_table(comparison),
        "ladder": result_tables.ladder_table(comparison),
        "per_class": result_tables.per_class_table(comparison),
        "outcomes": result_tables.outcome_table(
            comparison, read_csv(paths.outcome_table)
        ),
        "by_mask": by_mask
        and result_tables.mask_table(read_csv(by_mask), comparison["positive_class"]),
    }


def show_segmentation(
    paths: Paths,
    scores: Mapping[str, Mapping[str, Any]],
    split_audit: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Show the segmentation networks; None where no arm waits for one."""
    if not scores:
        return None
    pictures = map(embed_picture, paths.segmentation)
    facts = read_json(paths.segmenters[0])
    return {
        "network": f"{facts['model']} ({facts['parameters']:,} parameters)",
        "scores": tables.segmentation_table(scores),
        "fold_scores": tables.fold_table(scores),
        "in_sample_text": passages.describe_in_sample(scores, split_audit),
        "figures": [
            {"fold": fold, "source": picture}
            for fold, picture in zip(scores, pictures, strict=True)
        ],
        "cases": embed_picture(paths.cases[0]),
    }


def show_making(
    paths: Paths, options: Options, contents: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    keys = ["/".join(key) for key in options["keys"]]
    segmenters = [f"segmentation/{fold}" for fold in options["unet_folds"]]
    trainings = read_all(segmenters, paths.segmenters)
    trainings |= read_all(keys, paths.classifiers)
    parts_of_run = {RUN, *options["folds"]}
    parts_of_run |= {part for key in options["keys"] for part in key}
    files = {
        **contents,
        "classification scores": [read_json(path) for path in paths.class_scores],
        "segmentation trainings": [read_json(path) for path in paths.segmenters],
        "classifier trainings": [read_json(path) for path in paths.classifiers],
    }
    return {
        "trainings": tables.training_table(trainings),
        "stages": tables.stage_table(paths.benchmarks, parts_of_run),
        "versions": tables.version_table(files),
        "config": paths.config.read_text(encoding="utf-8")
        if paths.config.exists()
        else "not written: no workflow called onstart before this report was made",
    }


def main(paths: Paths, *, options: Options) -> None:
    audit, split_audit = read_json(paths.audit), read_json(paths.split_audit)
    comparison = read_json(paths.comparison)
    folds, classes, source = (options[key] for key in ("folds", "classes", "source"))
    scores = read_all(options["unet_folds"], paths.segmentation_scores)
    content = {
        "title": options["title"],
        "run": paths.report.parent.name,
        "stamps": list_stamps(
            source=source,
            split_audit=split_audit,
            positive=comparison["positive_class"],
        ),
        "n_images": audit["n"],
        "n_groups": audit["n_groups"],
        "n_test": comparison["n"],
        "n_test_groups": comparison["n_groups"],
        **show_answer(paths, options, comparison),
        "data_text": passages.describe_data(audit, source=source),
        "matches_text": passages.describe_matches(audit),
        "matches": embed_picture(paths.matches) if hasattr(paths, "matches") else "",
        "classes": tables.class_table(audit, classes),
        "split": tables.split_table(split_audit, list(classes), folds[:1]),
        "other_splits": tables.split_table(split_audit, list(classes), folds[1:]),
        "protocol": split_audit["protocol"],
        "split_text": passages.describe_split(split_audit),
        "classifier": read_json(paths.classifiers[0])["model"],
        "segmentation": show_segmentation(paths, scores, split_audit),
        "tables": show_results(paths, options, comparison),
        "making": show_making(
            paths,
            options,
            {
                "comparison": [comparison],
                "images": [audit],
                "split": [split_audit],
                "segmentation scores": list(scores.values()),
            },
        ),
        "many": tables.MANY,
        "limits": list_limits(
            source=source,
            classes=classes,
            folds=len(comparison["folds"]),
            trainings=count_trainings(comparison),
            predicted_masks=bool(scores),
        ),
        "figures": {name: embed_picture(getattr(paths, name)) for name in FIGURES},
        "cases_fold": folds[0],
    }
    html = fill_template(paths.template.read_text(encoding="utf-8"), content)
    with atomic_path(paths.report) as draft:
        draft.write_text(html, encoding="utf-8")


if __name__ == "__main__":
    run_stage(main)
