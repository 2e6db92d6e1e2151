"""Calibrate each arm, choose its operating points, and score them on test."""

from typing import Any

import numpy as np
import pandas as pd

from lesionlab.application.likeness import SCORES, list_warnings, set_limits
from lesionlab.bundle.calibration import trained_shares
from lesionlab.bundle.judging import calibrate_arm, score_arm
from lesionlab.bundle.subgroups import list_untold, score_subgroups
from lesionlab.files import read_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    table, images = read_csv(paths.predictions), read_csv(paths.images)
    split = read_csv(paths.split).query("task == 'classification'")
    trained = _train_shares(split, options)
    arms = {
        arm: _judge(table[table["arm"] == arm], images, trained, options)
        for arm in options["arms"]
    }
    tested = images["image_id"].isin(split.loc[split["set"] == "test", "image_id"])
    write_json(
        paths.calibration,
        {
            "n": int(tested.sum()),
            "confidence": options["confidence"],
            "arms": arms,
            "untold": list_untold(images[tested]),
            "likeness": _limit(read_csv(paths.likeness), options["false_alarms"]),
            **provenance(options["code"], ("numpy", "pandas", "scipy")),
        },
    )


def _train_shares(split: pd.DataFrame, options: Options) -> list[float]:
    labels = split.loc[split["set"] == "train", "label"]
    return trained_shares(
        labels.value_counts().reindex(options["classes"], fill_value=0).tolist(),
        balanced=options["sampling"] == "balanced",
        weighted=options["class_weights"],
    )


def _judge(
    table: pd.DataFrame, images: pd.DataFrame, trained: list[float], options: Options
) -> dict[str, Any]:
    classes, wanted = options["classes"], options["prevalence"]
    columns = [f"prob_{name}" for name in classes]
    by = ["set", "fold", "image_id", "group", "label"]
    # the seeds of a fold are an ensemble
    mean = table.groupby(by, sort=True)[columns].mean().reset_index()
    judged = calibrate_arm(
        mean,
        classes=classes,
        positive=options["positive_class"],
        trained=trained,
        prevalence=[wanted[name] for name in classes] if wanted else None,
    )
    scored = score_arm(
        judged,
        classes=classes,
        sensitivity=options["sensitivity"],
        confidence=options["confidence"],
    )
    subgroups = []
    if scored["operating_points"]:
        shown = images.set_index("image_id").loc[judged.test["image_id"]].reset_index()
        subgroups = score_subgroups(
            shown,
            judged.send(options["sensitivity"][0]),
            (judged.test["truth"] == judged.positive).to_numpy(),
            confidence=options["confidence"],
        )
    return {**scored, "subgroups": subgroups}


def _limit(scores: pd.DataFrame, share: float) -> dict[str, Any]:
    """Set the limits on validation, and count on test whom each warning names."""
    valid, test = (scores[scores["set"] == name] for name in ("valid", "test"))
    limits = set_limits({name: valid[name] for name in SCORES}, share)
    found = [list_warnings(row, limits) for row in test.to_dict("records")]
    shares = {
        words: float(np.mean([words in one for one in found]))
        for _, words in SCORES.values()
    }
    return {
        "share": share,
        "limits": limits,
        "sides": {words: side for side, words in SCORES.values()},
        "false_alarms": {**shares, "any": float(np.mean([bool(one) for one in found]))},
        "n": {"valid": len(valid), "test": len(test)},
    }


if __name__ == "__main__":
    run_stage(main)
