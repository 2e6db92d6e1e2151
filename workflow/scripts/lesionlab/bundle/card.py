"""The model card: what a bundle was trained on, how good it is, for whom it fails."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined

from lesionlab.bundle.calibration import FLATTEST, STEEPEST
from lesionlab.words.phrases import count, format_figure, format_interval, join
from lesionlab.words.stamps import list_stamps

SETS = ("train", "valid", "test")
SHOWN = {
    "original": "the photograph",
    "segmented": "the lesion alone, by the outline that is found; all else is black",
    "hair_removed": "the photograph without its dark hair",
}
DATA = {
    "phantom": "Photographs that LesionLab generated.",
    "dataverse": "HAM10000 (doi:10.7910/DVN/DBW86T).",
    "folder": "A folder of photographs in a layout of HAM10000.",
}
SPLITS = {
    "grouped": "by lesions: none is in two sets",
    "kfold": "by lesions, in folds: each lesion is tested once",
    "image": "by photographs, so that a lesion may be in two sets: it leaks",
    "source": "by source: {sources} is tested, and the others are trained on",
}
SCORED = {
    False: "The mean of an arm's seeds was scored, which is what predicts on new "
    "photographs.",
    True: "Each fold was tested by its own networks (the mean of its seeds), on "
    "lesions that they did not see, with a calibration and thresholds that were fitted "
    "without these lesions. So the members of a fold were scored, and not the mean "
    "over folds that predicts on new photographs: all lesions together trained it, and "
    "none is left to test it.",
}
SHARED = (
    "Photographs of training: {licence}. Small copies of them lie in `training/`. "
    "These terms bind the copies; whether they bind the networks too is for you to "
    "find out."
)
NOT_SHARED = (
    "The licence of the photographs is not known to LesionLab (key "
    "`application.licence`), so that none of them is in this folder. Ask who owns them "
    "before you hand this model on."
)
KINDS = ("sensitivity", "specificity")
Facts = Mapping[str, Any]


def write_card(
    template: str,
    facts: Facts,
    *,
    run: Facts,
    calibration: Facts,
    export: Facts,
    split_audit: Facts,
    segmentation: Sequence[Facts],
    files: Mapping[str, str],
) -> str:
    """Fill the template of the model card.

    Parameters
    ----------
    template : str
        Jinja, of Markdown.
    facts : Mapping
        Of ``model.json``.
    run : Mapping
        What the config says: ``source``, ``classes`` (with their diagnoses),
        ``segmenter``, ``classifier``, ``weights``, ``left_out`` arms.
    calibration, export, split_audit : Mapping
        Contents of these files of the run.
    segmentation : sequence of Mapping
        ``segmentation/scores.json`` of every fold.
    files : Mapping
        SHA-256 by name.

    Returns
    -------
    str
        Markdown.
    """
    positive = facts["positive_class"]
    environment = Environment(
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sections = {
        **_tell_run(facts, run, split_audit, segmentation),
        **_tell_data(facts, run, split_audit, calibration),
        **_tell_arms(facts, calibration),
        **_tell_calibration(facts, calibration),
        **_tell_warnings(calibration["likeness"]),
        **_tell_export(export),
        "positive": positive,
        "files": sorted(files.items()),
    }
    return environment.from_string(template).render(**sections)


def _tell_run(
    facts: Facts, run: Facts, split_audit: Facts, segmentation: Sequence[Facts]
) -> Facts:
    one = facts["segmenters"][0] if facts["segmenters"] else None
    jaccard = [fold["jaccard"]["mean"] for fold in segmentation]
    licence = facts["training"]["licence"]
    return {
        "title": f"Model of run {facts['run']}",
        "version": facts["lesionlab"],
        "run": facts["run"],
        "stamps": list_stamps(
            source=run["source"],
            split_audit=split_audit,
            positive=facts["positive_class"],
        ),
        "segmenter": run["segmenter"],
        "segmenter_size": f"{one['height']} x {one['width']}" if one else "",
        "segmenters": count(len(facts["segmenters"]), "network"),
        "segmenters_score": "".join(
            f"; mean Jaccard index on test {join(list(map(format_figure, jaccard)))}"
            for _ in jaccard[:1]
        ),
        "classifier": run["classifier"],
        "weights": f"first weights: {run['weights']}",
        "left_out": join(run["left_out"]) if run["left_out"] else "",
        "licence": (SHARED if licence else NOT_SHARED).format(licence=licence),
        "code": facts["code"][:12],
        "versions": ", ".join(f"{name} {v}" for name, v in facts["versions"].items()),
    }


def _tell_data(
    facts: Facts, run: Facts, split_audit: Facts, calibration: Facts
) -> Facts:
    folds = list(split_audit["counts"])
    counts = [split_audit["counts"][fold]["classification"] for fold in folds]
    sources = join(split_audit["sources"]) if split_audit["sources"] else ""
    lesions = next(iter(calibration["arms"].values()))["n"]["lesions"]
    rows = []
    for name, diagnoses in run["classes"].items():
        of_set = {
            part: [fold.get(part, {}).get(name, 0) for fold in counts] for part in SETS
        }
        rows.append(
            {
                "name": name,
                "positive": name == facts["positive_class"],
                "diagnoses": ", ".join(diagnoses),
                "lesions": lesions[name],
                **{part: _span(numbers) for part, numbers in of_set.items()},
            }
        )
    several = len(folds) > 1
    return {
        "data": DATA[run["source"]],
        "split": SPLITS[split_audit["protocol"]].format(sources=sources),
        "classes": rows,
        "counted": f"Counts are photographs, of each of {count(len(folds), 'fold')}."
        if several
        else "Counts are photographs.",
        "scored": SCORED[several],
    }


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


def _tell_arms(facts: Facts, calibration: Facts) -> Facts:
    arms, points = [], []
    for name, about in facts["arms"].items():
        scored = calibration["arms"][name]
        measures = {key: format_interval(it) for key, it in scored["measures"].items()}
        for point in scored["operating_points"]:
            value = point["predictive_value"]
            points.append(
                (
                    name,
                    f"{point['wanted']:g}",
                    f"{point['threshold']:.4g}",
                    format_interval(point["sensitivity"]),
                    format_interval(point["specificity"]),
                    "–" if value is None else f"{100 * value:.0f}",
                )
            )
        arms.append(
            {
                "name": name,
                "shown": SHOWN.get(name, "see docs/arms.md of LesionLab"),
                "size": about["size"],
                "networks": len(about["members"]),
                "subgroups": _list_subgroups(scored["subgroups"]),
                "worse": _name_worse(scored),
                **measures,
            }
        )
    return {
        "arms": arms,
        "points": points,
        "confidence": f"{calibration['confidence']:.0%}",
        "untold": join(calibration["untold"]),
    }


def _list_subgroups(subgroups: Sequence[Facts]) -> list[tuple[str, ...]]:
    return [
        (
            f"{row['by']}: {row['name']}",
            str(row["photographs"]),
            *map(str, row["lesions"]),
            *("–" if row[k] is None else format_interval(row[k]) for k in KINDS),
        )
        for row in subgroups
    ]


def _name_worse(scored: Facts) -> str:
    """Name the subgroups whose whole interval lies below the figure of all."""
    if not scored["operating_points"]:
        return ""
    whole = scored["operating_points"][0]
    worse = [
        f"{row['by']} {row['name']} ({kind})"
        for row in scored["subgroups"]
        for kind in KINDS
        if row[kind] and row[kind]["high"] is not None
        if row[kind]["high"] < whole[kind]["value"]
    ]
    many = "Of so many subgroups some are so by chance."
    if worse:
        return (
            f"Worse than all together, by their whole interval: {join(worse)}. {many}"
        )
    return (
        "In no subgroup the whole interval lies below the figure of all together; "
        "where intervals are wide, that says little."
    )


def _tell_calibration(facts: Facts, calibration: Facts) -> Facts:
    rows = []
    for name in facts["arms"]:
        scored = calibration["arms"][name]
        fitted, measured = scored["calibration"], scored["calibrated"]
        temperature = fitted["temperature"]
        ended = not STEEPEST * 1.01 < temperature < FLATTEST * 0.99
        rows.append(
            (
                name,
                f"{temperature:.2f}" + (" (the search ended here)" if ended else ""),
                *(
                    format_figure(measured[when][figure])
                    for figure in ("log_loss", "calibration_error")
                    for when in ("before", "after")
                ),
            )
        )
    fitted = next(iter(calibration["arms"].values()))["calibration"]
    shares = zip(facts["classes"], fitted["prevalence"], strict=True)
    given = fitted["prevalence"] != fitted["validated"]
    return {
        "calibrated": rows,
        "prevalence": ", ".join(f"{name} {share:.3f}" for name, share in shares),
        "prevalence_from": "`application.prevalence`"
        if given
        else "those of validation; `application.prevalence` names others",
    }


def _tell_warnings(likeness: Facts) -> Facts:
    alarms, limits = likeness["false_alarms"], likeness["limits"].values()
    rows = [
        (
            words,
            f"{'below' if side == 'least' else 'above'} {limit:.4g}",
            f"{alarms[words]:.1%}",
        )
        for (words, side), limit in zip(likeness["sides"].items(), limits, strict=True)
    ]
    rows.append(("any of them", "", f"{alarms['any']:.1%}"))
    return {
        "warnings": rows,
        "false_alarms": f"{likeness['share']:.1%}",
        "n_valid": likeness["n"]["valid"],
        "n_test": likeness["n"]["test"],
    }


def _tell_export(export: Facts) -> Facts:
    networks = [*export["segmenters"].values(), *export["classifiers"].values()]
    largest = {
        key: f"{max(one[key] for one in networks):.2g}"
        for key in ("from_network", "from_run")
    }
    return {**largest, "checked": export["n"]}
