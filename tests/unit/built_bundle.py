"""A bundle built out of a made-up run: what the rules before hand over, made here."""

import json
import shutil
from importlib.metadata import version

import numpy as np
import pandas as pd
from tests.unit.made_bundle import make_bundle
from tests.unit.made_predictions import CLASSES, make_table

import build_bundle
import calibrate_arms
from lesionlab.files import write_csv, write_json
from lesionlab.stage import Paths

TEMPLATE = "workflow/report/model.md"
DIAGNOSES = {"MEL": ["mel"], "NV": ["nv"], "Other_SC": ["bcc", "bkl"]}
ARMS = ("original", "segmented")


def make_run(root, folds, seeds=("seed1", "seed2")):
    """What the rules before hand over: tables of predictions, networks as ONNX."""
    draw = np.random.default_rng(0)
    table = make_table(folds=len(folds))
    parts = [table.assign(arm=arm, seed=seed) for arm in ARMS for seed in seeds]
    write_csv(root / "predictions.csv", pd.concat(parts))
    photographs = table.drop_duplicates("image_id").reset_index(drop=True)
    images = photographs[["image_id", "group", "label"]].assign(
        dx=photographs["label"].map(lambda label: DIAGNOSES[label][0]),
        age=draw.choice([30.0, 50.0, 70.0], len(photographs)),
        sex=draw.choice(["female", "male"], len(photographs)),
        localization="unknown",
    )
    write_csv(root / "images.csv", images)
    split = table[["image_id", "group", "label", "fold", "set"]]
    shown = split[split["fold"] == folds[0]].assign(set="train")
    write_csv(
        root / "split.csv", pd.concat([split, shown]).assign(task="classification")
    )
    names = ("sharpness", "glare", "lesion_share", "distance")
    scores = split[split["fold"] == folds[0]].copy()
    scores[list(names)] = draw.random((len(scores), 4))
    write_csv(root / "likeness.csv", scores)
    counts = {part: dict.fromkeys(CLASSES, 20) for part in ("train", "valid", "test")}
    write_json(
        root / "split_audit.json",
        {
            "protocol": "kfold" if len(folds) > 1 else "grouped",
            "sources": [],
            "leaks": False,
            "lesion_ids_known": True,
            "without_lesion_id": 0,
            "n_images": len(images),
            "counts": {fold: {"classification": counts} for fold in folds},
            "leakage": {},
        },
    )
    return root


def calibrate(root, **options):
    paths = {
        name: root / f"{name}.csv"
        for name in ("predictions", "images", "split", "likeness")
    }
    paths["calibration"] = root / "calibration.json"
    wanted = {
        "arms": list(ARMS),
        "classes": CLASSES,
        "positive_class": "MEL",
        "sampling": "natural",
        "class_weights": False,
        "sensitivity": [0.95, 0.9],
        "prevalence": None,
        "false_alarms": 0.01,
        "confidence": 0.95,
        "code": "0" * 64,
        **options,
    }
    calibrate_arms.main(Paths(**paths), options=wanted)
    return json.loads((root / "calibration.json").read_text())


def build(root, repository, folds, seeds=("seed1", "seed2"), **options):
    """Build the bundle out of the networks of a made one."""
    made = make_bundle(root / "made", arms=ARMS, folds=folds, seeds=seeds)
    keys = [(arm, fold, seed) for arm in ARMS for fold in folds for seed in seeds]

    def place(part, name, source):
        target = root / part / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source is None:
            target.write_bytes(part.encode())
        else:
            shutil.copyfile(source, target)
        return target

    packed, small = root / "packed.npy", root / "maps.npy"
    np.save(packed, np.zeros((4, 32, 32, 3), np.uint8))
    np.save(small, np.zeros((4, 32, 48, 3), np.uint8))
    difference = {"from_network": 1e-7, "from_run": 2e-6}
    write_json(
        root / "export.json",
        {
            "n": 32,
            "segmenters": dict.fromkeys(folds, difference),
            "classifiers": {"/".join(key): difference for key in keys},
            "versions": {"onnxruntime": version("onnxruntime")},
        },
    )
    write_json(root / "threshold.json", {"threshold": 0.5})
    write_json(root / "scores.json", {"jaccard": {"mean": 0.812}})
    paths = Paths(
        manifest=root / "model" / "model.json",
        template=repository / TEMPLATE,
        calibration=root / "calibration.json",
        check=root / "export.json",
        split_audit=root / "split_audit.json",
        segmentation_scores=[root / "scores.json" for _ in folds],
        thresholds=[root / "threshold.json" for _ in folds],
        segmenter_pixels=small,
        segmenter_files=[
            place(fold, "segmenter.onnx", made / "segmenters" / f"{fold}.onnx")
            for fold in folds
        ],
        segmenters=[place(fold, "unet.weights.h5", None) for fold in folds],
        classifier_files=[
            place(
                "/".join(key),
                "classifier.onnx",
                made / f"classifiers/{'.'.join(key)}.onnx",
            )
            for key in keys
        ],
        classifiers=[place("/".join(key), "model.safetensors", None) for key in keys],
        pixels=[packed for _ in keys],
        features=made / "training/features.npy",
        colours=made / "training/colours.npy",
        cases=made / "training/cases.csv",
        thumbnails=made / "training/thumbnails.npy",
        version="0.1.0",
    )
    wanted = {
        "run": "made",
        "keys": keys,
        "folds": list(folds),
        "licence": "generated by LesionLab",
        "left_out": [],
        "source": "phantom",
        "segmenter": "unet",
        "classifier": "resnet50",
        "weights": "none",
        "classes": DIAGNOSES,
        "positive_class": "MEL",
        "code": "0" * 64,
        **options,
    }
    build_bundle.main(paths, options=wanted)
    return paths.manifest.parent
