"""Write the report: one self-contained HTML file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lesionlab.classification.scope import RUN
from lesionlab.files import atomic_path, read_json
from lesionlab.report import tables
from lesionlab.report.page import embed_picture, fill_template, list_limits
from lesionlab.report.words import format_p
from lesionlab.stage import Options, Paths, run_stage


def describe_data(audit: Mapping[str, Any], *, source: str) -> str:
    kind = "Generated photographs" if source == "phantom" else "HAM10000 photographs"
    refused = sum(audit["quarantine"].values())
    pairs = len(audit["exact_duplicates"])
    return (
        f"{kind}: {audit['n']} of {audit['n_groups']} lesion groups; {refused} refused "
        f"(see quarantine.csv), {pairs} set(s) of exact duplicates merged into one "
        f"group each, {len(audit['masks_nearly_full'])} mask(s) that cover more than "
        "98 % of the photograph."
    )


def describe_matches(audit: Mapping[str, Any]) -> str:
    if "matches" not in audit:
        return "Photographs of one lesion_id and exact duplicates count as one lesion."
    matches = audit["matches"]
    merged = matches["merged_lesions"]
    pairs = [pair for group in merged for pair in group["pairs"]]
    published = sum(pair["published"] for pair in pairs)
    return (
        f"{len(pairs)} pairs of photographs ({published} of them published) show one "
        f"lesion under two ids: {sum(len(group['lesions']) for group in merged)} "
        f"lesions became {len(merged)}. {len(matches['conflicts'])} more pairs have "
        f"two labels and are not merged, {len(matches['listed'])} are near misses; "
        "all stand in matches.csv and audit.json."
    )


def describe_in_sample(
    scores: Mapping[str, Mapping[str, Any]], split_audit: Mapping[str, Any]
) -> str:
    texts = []
    for fold, figures in scores.items():
        seen, new = (figures["in_sample"][k] for k in ("in_sample", "out_of_sample"))
        if seen["n"] and new["n"]:
            texts.append(
                f"In {fold} the U-Net trained on {seen['n']} of the classifier's "
                f"{seen['n'] + new['n']} training photographs: their masks have a mean "
                f"Jaccard of {seen['jaccard']:.3f}, those of the others "
                f"{new['jaccard']:.3f}."
            )
        shares = ", ".join(
            f"{label} {share or 0:.1%}"
            for label, share in split_audit["in_sample_share"][fold].items()
        )
        texts.append(f"Share of such photographs by class: {shares}.")
    return " ".join(texts)


def describe_mcnemar(comparison: Mapping[str, Any]) -> str:
    texts = [
        f"Of {test['n']} lesions, each by its photograph of lowest image_id, arm "
        f"{test['a']} alone was right on {test['only_a']} and arm {test['b']} alone on "
        f"{test['only_b']} (McNemar's exact test, p {format_p(test['p_value'])})."
        for test in comparison["mcnemar"]
    ]
    return " ".join(texts)


def describe_split(audit: Mapping[str, Any]) -> str:
    way = {
        "grouped": "Whole lesions are drawn: no lesion is in two sets of a network, "
        "and none of the classifier's test or validation set trained the U-Net.",
        "kfold": "Whole lesions are drawn, and each is tested in one fold.",
        "image": "Single photographs are drawn, as the reference did: the share of "
        "test photographs whose lesion is in training stands in brackets.",
    }
    return way[audit["protocol"]]


def read_all(
    prefix: str, names: Sequence[str], files: Sequence[Path]
) -> dict[str, dict[str, Any]]:
    contents = zip(names, map(read_json, files), strict=True)
    return {f"{prefix}{name}": content for name, content in contents}


def main(paths: Paths, *, options: Options) -> None:
    audit, split_audit = read_json(paths.audit), read_json(paths.split_audit)
    comparison = read_json(paths.comparison)
    folds, classes = options["folds"], options["classes"]
    keys = ["/".join(key) for key in options["keys"]]
    parts_of_run = {RUN, *folds, *(part for key in options["keys"] for part in key)}
    scores = read_all("", folds, paths.segmentation_scores)
    trainings = read_all("U-Net/", folds, paths.unets)
    trainings |= read_all("", keys, paths.classifiers)
    files = {"comparison": comparison, "images": audit, "split": split_audit}
    files |= {f"segmentation/{name}": content for name, content in scores.items()}
    files |= read_all("classification/", keys, paths.class_scores)
    files |= {f"training/{name}": content for name, content in trainings.items()}
    seeds = comparison["seeds_averaged"]
    content = {
        "title": options["title"],
        "run": paths.report.parent.name,
        "stamps": comparison["stamps"],
        "n_images": audit["n"],
        "n_groups": audit["n_groups"],
        "n_test": comparison["n"],
        "n_test_groups": comparison["n_groups"],
        "answer": comparison["answer"],
        "confidence": f"{comparison['confidence']:.0%}",
        "replicates": comparison["replicates"],
        "headline": tables.headline_table(comparison),
        "data_text": describe_data(audit, source=options["source"]),
        "matches_text": describe_matches(audit),
        "matches": embed_picture(paths.matches) if hasattr(paths, "matches") else "",
        "classes": tables.class_table(audit, classes),
        "split": tables.split_table(split_audit, list(classes)),
        "split_text": describe_split(split_audit),
        "segmentation": tables.segmentation_table(scores),
        "in_sample_text": describe_in_sample(scores, split_audit),
        "seeds_text": f"Probabilities are averaged over {seeds} seeds before any test."
        if seeds > 1
        else "One seed was run.",
        "per_class": tables.per_class_table(comparison),
        "mcnemar_text": describe_mcnemar(comparison),
        "pairs": tables.pair_table(comparison),
        "trainings_table": tables.training_table(trainings),
        "stages": tables.stage_table(paths.benchmarks, parts_of_run),
        "versions": tables.version_table(files),
        "config": paths.config.read_text(encoding="utf-8")
        if paths.config.exists()
        else "not written: this report was made outside of Snakemake",
        "limits": list_limits(
            source=options["source"], classes=classes, folds=len(folds), seeds=seeds
        ),
        **{
            name: embed_picture(getattr(paths, name))
            for name in ("samples", "arms", "trainings", "outcomes", "differences")
        },
    }
    for name, pictures in (
        ("segmentation_figures", paths.segmentation),
        ("case_figures", paths.cases),
    ):
        content[name] = [
            {"fold": fold, "source": embed_picture(path)}
            for fold, path in zip(folds, pictures, strict=True)
        ]
    html = fill_template(paths.template.read_text(encoding="utf-8"), content)
    with atomic_path(paths.report) as draft:
        draft.write_text(html, encoding="utf-8")


if __name__ == "__main__":
    run_stage(main)
