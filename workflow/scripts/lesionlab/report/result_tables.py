"""Tables of what was compared: arms, differences, variance, tests, trainings."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lesionlab.comparison.estimates import FEW
from lesionlab.report.tables import Table, make_table
from lesionlab.words.answers import find_pair
from lesionlab.words.phrases import (
    BOTH,
    LESIONS,
    SHOWN,
    format_bounds,
    format_figure,
    format_interval,
    format_p,
    head_metric,
    name_metric,
)

OVER_BOTH, OVER_LESIONS = "over lesions and trainings", "over lesions"
FIRST = ("sensitivity", "specificity", "balanced_accuracy")


def over(comparison: Mapping[str, Any]) -> list[str]:
    """Head the columns of both intervals; few lesions are marked."""
    mark = " †" if comparison["n_positive_groups"] < FEW else ""
    return [f"{name}{mark}" for name in (OVER_BOTH, OVER_LESIONS)]


def arm_table(comparison: Mapping[str, Any]) -> Table:
    """Arms with both intervals of the primary metric, and some other metrics."""
    primary, positive = comparison["primary"], comparison["positive_class"]
    others = [metric for metric in FIRST if metric != primary]
    head = ["Arm", "Trainings", head_metric(primary, positive)]
    head += over(comparison)
    head += [head_metric(metric, positive) for metric in others]
    rows = []
    for arm, scores in comparison["arms"].items():
        figure = scores[primary]
        rows.append(
            [
                arm,
                figure["trainings"],
                format_figure(figure["value"]),
                format_bounds(figure, BOTH),
                format_bounds(figure, LESIONS),
                *(format_figure(scores[metric]["value"]) for metric in others),
            ]
        )
    return make_table(head, rows)


def metric_table(comparison: Mapping[str, Any]) -> Table:
    """Every metric of every arm with both intervals."""
    rows: list[list[Any]] = []
    starts: list[int] = []
    for arm, scores in comparison["arms"].items():
        starts.append(len(rows))
        for metric in SHOWN:
            figure = scores[metric]
            rows.append(
                [
                    arm if metric == "auc" else "",
                    head_metric(metric, comparison["positive_class"]),
                    format_figure(figure["value"]),
                    format_bounds(figure, BOTH),
                    format_bounds(figure, LESIONS),
                ]
            )
    head = ["Arm", "Metric", "Value", *over(comparison)]
    return make_table(head, rows, rules=starts[1:])


def difference_table(comparison: Mapping[str, Any], a: str, b: str) -> Table:
    """Difference of two arms by every metric, the primary one first."""
    primary, positive = comparison["primary"], comparison["positive_class"]
    rows = []
    for metric in dict.fromkeys((primary, *SHOWN)):
        pair = find_pair(comparison, a, b, metric)
        name = head_metric(metric, positive)
        rows.append(
            [
                f"{name}, primary" if metric == primary else name,
                format_figure(pair["difference"], signed=True),
                format_bounds(pair, BOTH, signed=True),
                format_bounds(pair, LESIONS, signed=True),
                format_p(pair["p_value"]),
                format_p(pair["p_holm"]) if metric != primary else "",
            ]
        )
    head = ["Metric", f"{b} − {a}", *over(comparison)]
    return make_table([*head, "p", "p, Holm"], rows, rules=[1])


def verdict_table(comparison: Mapping[str, Any]) -> Table:
    """Every pair of arms by the primary metric, with its verdict."""
    rows = []
    for verdict in comparison["verdicts"]:
        pair = find_pair(comparison, verdict["a"], verdict["b"], verdict["metric"])
        rows.append(
            [
                f"{pair['b']} − {pair['a']}",
                format_figure(pair["difference"], signed=True),
                format_bounds(pair, BOTH, signed=True),
                format_bounds(pair, LESIONS, signed=True),
                format_p(pair["p_value"]),
                verdict["kind"],
            ]
        )
    name = name_metric(comparison["primary"], comparison["positive_class"])
    head = ["Arms", f"Difference in {name}", *over(comparison), "p", "Verdict"]
    return make_table(head, rows)


def class_difference_table(comparison: Mapping[str, Any]) -> Table:
    """Difference of the first two arms on each class against all others."""
    rows: list[list[Any]] = []
    starts: list[int] = []
    for row in comparison["by_class"]:
        few = " †" if row["lesions"] < FEW else ""
        if row["metric"] == "auc":
            starts.append(len(rows))
        rows.append(
            [
                row["class"] + few if row["metric"] == "auc" else "",
                "AUC" if row["metric"] == "auc" else "Recall",
                row["a"],
                row["b"],
                format_figure(row["difference"], signed=True),
                format_bounds(row, BOTH, signed=True),
                format_bounds(row, LESIONS, signed=True),
            ]
        )
    arms = [comparison["verdicts"][0][key] for key in ("a", "b")] if rows else ["", ""]
    head = ["Class", "Metric", *arms, "Difference", OVER_BOTH, OVER_LESIONS]
    marked = any(row["lesions"] < FEW for row in comparison["by_class"])
    return {**make_table(head, rows, rules=starts[1:]), "few": marked}


def variance_table(comparison: Mapping[str, Any]) -> Table:
    """Where the variance of each pair's difference comes from."""
    names = ("lesions", "interaction", "trainings", "folds", "error_lesions", "error")
    rows = [
        [f"{v['b']} − {v['a']}", *(v["variance"][name] for name in names)]
        for v in comparison["verdicts"]
    ]
    parts = ("lesions", "interaction", "trainings", "folds")
    head = ["Arms", *(f"SD: {part}" for part in parts)]
    heads = [*head, "SE: over lesions", "SE: over lesions and trainings"]
    return make_table(heads, rows)


def network_table(comparison: Mapping[str, Any]) -> Table:
    """Paired tests of these networks: AUC by Obuchowski, decisions by Durkalski."""
    rows = []
    for test in comparison["networks"]:
        auc, decisions = test["auc"], test["mcnemar"]
        se = auc["se"]
        error = "" if se is None else f" ± {format_figure(se)}"
        rows.append(
            [
                f"{test['b']} − {test['a']}",
                f"{format_figure(auc['difference'], signed=True)}{error}",
                format_p(auc["p_value"]),
                decisions["n"],
                decisions["only_a"],
                decisions["only_b"],
                format_p(decisions["p_value"]),
            ]
        )
    auc = name_metric("auc", comparison["positive_class"])
    head = ["Arms", f"Difference in {auc} ± SE", "p, Obuchowski", "Decisions"]
    return make_table(
        [*head, "first alone right", "second alone right", "p, Durkalski"], rows
    )


def ensemble_table(comparison: Mapping[str, Any]) -> Table:
    """Ensembles over seeds, over lesions alone."""
    whole = comparison["ensembles"]
    metrics = ["auc", "sensitivity", "balanced_accuracy"]
    heads = [head_metric(metric, comparison["positive_class"]) for metric in metrics]
    rows = [
        [
            f"ensemble of {whole['members'][arm]}: {arm}",
            *(format_interval(scores[metric], LESIONS) for metric in metrics),
        ]
        for arm, scores in whole["arms"].items()
    ]
    start = len(rows)
    baseline = next(iter(whole["arms"]), None)
    rows += [
        [
            f"{arm} − {baseline}",
            *(format_interval(row[metric], LESIONS, signed=True) for metric in metrics),
        ]
        for arm, row in whole["differences"].items()
    ]
    return make_table(["", *heads], rows, rules=[start])


def ladder_table(comparison: Mapping[str, Any]) -> Table:
    """Show the steps of the ladder with both intervals."""
    rows = [
        [
            row["step"],
            f"{row['b']} − {row['a'] or 'chance (0.5)'}",
            format_figure(row["difference"], signed=True),
            format_bounds(row, BOTH, signed=True),
            format_bounds(row, LESIONS, signed=True),
            row["kind"],
        ]
        for row in comparison["ladder"]
    ]
    head = ["Step", "Arms", "Difference", *over(comparison), "Verdict"]
    return make_table(head, rows)


def per_class_table(comparison: Mapping[str, Any]) -> Table:
    """Precision, recall, F1 and support of each class, a row a class and arm."""
    rows: list[list[Any]] = []
    starts: list[int] = []
    for label in comparison["classes"]:
        starts.append(len(rows))
        for arm, scores in comparison["arms"].items():
            row = scores["per_class"][label]
            own = arm == next(iter(comparison["arms"]))
            start = [label, row["support"]] if own else ["", ""]
            rows.append([*start, arm, row["precision"], row["recall"], row["f1"]])
    starts.append(len(rows))
    for number, (arm, scores) in enumerate(comparison["arms"].items()):
        head = ["Accuracy", comparison["n"]] if number == 0 else ["", ""]
        rows.append([*head, arm, "", scores["accuracy"]["value"], ""])
    head = ["Class", "Photographs", "Arm", "Precision", "Recall", "F1"]
    return make_table(head, rows, rules=starts[1:])


def outcome_table(comparison: Mapping[str, Any], trainings: pd.DataFrame) -> Table:
    """Every training with all metrics, a row each."""
    metrics = list(SHOWN)
    heads = [head_metric(metric, comparison["positive_class"]) for metric in metrics]
    rows = []
    for row in trainings.to_dict("records"):
        figures = [None if pd.isna(row[name]) else float(row[name]) for name in metrics]
        rows.append([row["arm"], row["fold"], row["seed"], *figures])
    return make_table(["Arm", "Fold", "Seed", *heads], rows)


def mask_table(by_mask: pd.DataFrame, positive: str) -> Table:
    """Outcome of arms by the Jaccard of arm segmented's mask, arm by arm in a band."""
    rows: list[list[Any]] = []
    starts: list[int] = []
    for band, part in by_mask.groupby("jaccard", sort=False):
        starts.append(len(rows))
        for number, row in enumerate(part.to_dict("records")):
            head = ["", "", ""] if number else [band, row["n"], row["n_positive"]]
            names = ("sensitivity", "accuracy", "probability")
            figures = [None if pd.isna(row[n]) else float(row[n]) for n in names]
            rows.append([*head, row["arm"], *figures])
    head = ["Jaccard of the mask", "Photographs", f"of them {positive}", "Arm"]
    head += [f"{positive} sensitivity", "Accuracy", "Probability of the true class"]
    return make_table(head, rows, rules=starts[1:])
