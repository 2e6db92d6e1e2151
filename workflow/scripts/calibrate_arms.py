"""Calibrate each arm, choose its operating points, and score them on test."""

from typing import Any

import numpy as np
import pandas as pd

from lesionlab.application.likeness import SCORES, list_warnings, set_limits
from lesionlab.bundle.calibration import Calibration, fit_temperature, shift_prior
from lesionlab.bundle.operating import choose_threshold, score_threshold, trace_curve
from lesionlab.files import read_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    classes = options["classes"]
    table = read_csv(paths.predictions)
    split = read_csv(paths.split).query("task == 'classification' and set == 'train'")
    trained = [1 / len(classes)] * len(classes)
    if not options["even"]:
        counts = split["label"].value_counts().reindex(classes, fill_value=0)
        trained = (counts / counts.sum()).tolist()
    columns = [f"prob_{name}" for name in classes]
    by = ["set", "fold", "image_id", "group", "label"]
    arms = {}
    for arm in options["arms"]:
        of_arm = table[table["arm"] == arm]
        # the seeds of a fold are an ensemble
        mean = of_arm.groupby(by, sort=True)[columns].mean().reset_index()
        arms[arm] = _calibrate(mean, columns, trained, options)
    scores = read_csv(paths.likeness)
    valid, test = (scores[scores["set"] == name] for name in ("valid", "test"))
    limits = set_limits({name: valid[name] for name in SCORES}, options["false_alarms"])
    write_json(
        paths.calibration,
        {
            "n": int((table["set"] == "test").sum()),
            "arms": arms,
            "likeness": {
                "limits": limits,
                "false_alarms": _count_alarms(test, limits),
                "n": {"valid": len(valid), "test": len(test)},
            },
            **provenance(options["code"], ("numpy", "scipy")),
        },
    )


def _calibrate(
    table: pd.DataFrame, columns: list[str], trained: list[float], options: Options
) -> dict[str, Any]:
    classes = options["classes"]
    positive = classes.index(options["positive_class"])
    truth = pd.Index(classes).get_indexer(table["label"])
    raw = table[columns].to_numpy(float)
    valid, test = ((table["set"] == name).to_numpy() for name in ("valid", "test"))
    counts = np.bincount(truth[valid], minlength=len(classes))
    validated = (np.maximum(counts, 0.5) / np.maximum(counts, 0.5).sum()).tolist()
    wanted = options["prevalence"]
    calibration = {
        "trained": trained,
        "validated": validated,
        "prevalence": [wanted[name] for name in classes] if wanted else validated,
        "temperature": fit_temperature(
            shift_prior(raw[valid], trained, validated), truth[valid]
        ),
    }
    score = Calibration(**calibration).apply(raw)[:, positive]
    diseased = score[valid & (truth == positive)]
    points = []
    for sensitivity in options["sensitivity"]:
        threshold = choose_threshold(diseased, sensitivity)
        figures = score_threshold(
            score[test] >= threshold,
            truth[test],
            table.loc[test, "group"].tolist(),
            positive=positive,
            confidence=options["confidence"],
            replicates=options["replicates"],
            seed=options["bootstrap_seed"],
        )
        points.append({"wanted": sensitivity, "threshold": threshold, **figures})
    return {
        "calibration": calibration,
        "operating_points": points,
        "curve": trace_curve(
            (score[valid], truth[valid]),
            (score[test], truth[test]),
            positive=positive,
            classes=classes,
        ),
        "n": {"valid": int(valid.sum()), "test": int(test.sum())},
    }


def _count_alarms(test: pd.DataFrame, limits: dict[str, float]) -> dict[str, float]:
    """Share of the test photographs that each warning names, and any."""
    found = [list_warnings(row, limits) for row in test.to_dict("records")]
    shares = {
        words: float(np.mean([words in one for one in found]))
        for _, words in SCORES.values()
    }
    return {**shares, "any": float(np.mean([bool(one) for one in found]))}


if __name__ == "__main__":
    run_stage(main)
