"""A whole run made up without a training: every file that the report reads."""

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tests.unit.folder import NOTHING_FOUND
from tests.unit.made_figures import draw_figures

import compare_arms
import plot_segmentation
import score_by_mask
import write_headline
import write_report
from lesionlab.files import write_csv, write_json
from lesionlab.segmentation.overlap import THRESHOLDS
from lesionlab.segmentation.summary import compare_in_sample, summarise_scores
from lesionlab.stage import Paths

CLASSES = {"MEL": ["mel"], "NV": ["nv"], "Other_SC": ["bcc", "bkl"]}
OUTCOME = {"classes": list(CLASSES), "positive_class": "MEL"}
SHARES = [0.15, 0.65, 0.2]
MADE = {"code": "0" * 64, "versions": {"numpy": "2.4.6", "pandas": "3.1.1"}}
HEIGHT, WIDTH = 450, 600
FILES = 60
TEMPLATE = Path(__file__).parents[2] / "workflow/report/template.html"


def make_photograph(draw):
    """As hard to compress as a photograph: smooth shades and the noise of a camera."""
    smooth = cv2.resize(draw.normal(150, 35, (12, 16, 3)), (WIDTH, HEIGHT))
    fine = cv2.GaussianBlur(draw.normal(0, 14, (HEIGHT, WIDTH, 3)), (0, 0), 0.8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (300, 225), (140, 90), 20, 0, 360, 255, -1)
    pixels = np.clip(smooth + fine - 60 * (mask > 0)[..., None], 0, 255)
    return pixels.astype(np.uint8), mask


def make_images(root, folds, photographs, draw):
    """The image table; the first photographs of the first fold exist as files."""
    for folder in ("images", "masks", "predicted"):
        (root / folder).mkdir(parents=True)
    rows = []
    for fold in folds:
        labels = draw.choice(list(CLASSES), photographs // 2, p=SHARES)
        for number in range(photographs):
            name = f"{fold}_{number:05d}"
            rows.append((name, f"{fold}_L{number // 2}", labels[number // 2], fold))
    table = pd.DataFrame(rows, columns=["image_id", "group", "label", "fold"])
    table["dx"] = [CLASSES[label][0] for label in table["label"]]
    table = table.assign(age=50, sex="female", localization="back", dx_type="histo")
    table["mask_fraction"] = draw.beta(2, 5, len(table))
    table = table.assign(width=WIDTH, height=HEIGHT)
    table["image"] = "images/" + table["image_id"] + ".png"
    table["mask"] = "masks/" + table["image_id"] + ".png"
    for name in table["image_id"][:FILES]:
        pixels, mask = make_photograph(draw)
        cv2.imwrite(str(root / "images" / f"{name}.png"), pixels)
        for folder in ("masks", "predicted"):
            cv2.imwrite(str(root / folder / f"{name}.png"), mask)
    return table


def make_predictions(images, keys, skills, draw):
    """Lesions have a difficulty of their own, and so has every training."""
    truth = np.eye(3)[pd.Index(list(CLASSES)).get_indexer(images["label"])]
    groups = images["group"].unique()
    lesions = draw.normal(0, 0.8, (len(groups), 3))
    shared = lesions[pd.Index(groups).get_indexer(images["group"])]
    parts = []
    for arm, fold, seed in keys:
        own = (images["fold"] == fold).to_numpy()
        skill = skills[arm] + draw.normal(0, 0.12)
        z = skill * truth[own] + shared[own] + draw.normal(0, 0.6, (own.sum(), 3))
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        table = images.loc[own, ["image_id", "group", "label"]].assign(
            arm=arm, fold=fold, seed=seed
        )
        table[[f"prob_{label}" for label in CLASSES]] = p.round(6)
        parts += [table.assign(set="test"), table.assign(set="valid")]
    return pd.concat(parts, ignore_index=True)


def make_audits(root, images, folds):
    by_label = images["label"].value_counts()
    audit = {
        "n": len(images),
        "n_groups": int(images["group"].nunique()),
        "n_lesions": int(images["group"].nunique()),
        "quarantine": {},
        "exact_duplicates": [],
        "masks_nearly_full": [],
        "found": NOTHING_FOUND,
        "by_dx": {"mel": 9},
        "by_label": {label: int(by_label[label]) for label in CLASSES},
        "class_ratio": {label: by_label[label] / len(images) for label in CLASSES},
        **MADE,
    }
    tasks = ("classification", "segmentation")
    sets = {name: dict.fromkeys(CLASSES, 70) for name in ("train", "valid", "test")}
    nothing = dict.fromkeys([*CLASSES, "all"], 0.0)
    split = {
        "protocol": "kfold" if len(folds) > 1 else "grouped",
        "leaks": False,
        "sources": [],
        "lesion_ids_known": True,
        "without_lesion_id": 0,
        "n_images": len(images),
        "counts": {fold: dict.fromkeys(tasks, sets) for fold in folds},
        "leakage": {fold: dict.fromkeys(tasks, nothing) for fold in folds},
        "in_sample_share": {fold: dict.fromkeys(CLASSES, 0.1) for fold in folds},
        **MADE,
    }
    write_json(root / "audit.json", audit)
    write_json(root / "split_audit.json", split)


def make_segmentation(root, images, fold, draw):
    """Files of one fold's U-Net and its figure."""
    folder = root / fold
    own = images[images["fold"] == fold][["image_id", "group", "label"]]
    jaccard = np.clip(draw.beta(9, 1.6, len(own)), 0, 1)
    scores = own.assign(jaccard=jaccard, empty=False)
    for name in ("dice", "pixel_accuracy", "sensitivity", "specificity"):
        scores[name] = np.sqrt(jaccard)
    sets = [("segmentation", "test"), ("classification", "train")]
    split = pd.concat([own.assign(task=task, set=name) for task, name in sets])
    trained = own[::9].assign(task="segmentation", set="train")
    split = pd.concat([split, trained])
    write_json(
        folder / "scores.json",
        {
            "threshold": 0.42,
            **summarise_scores(scores),
            "network_size": {"pixel_accuracy": 0.95, "pooled_iou": 0.85},
            "in_sample": compare_in_sample(scores, split),
            **MADE,
        },
    )
    shown = scores[["image_id", "group", "label", "jaccard"]]
    write_csv(folder / "shown.csv", shown.assign(set="test", in_sample=False))
    table = scores[:FILES] if fold == "fold0" else scores
    write_csv(folder / "scores.csv", table)
    epochs = np.arange(1, 31)
    history = pd.DataFrame({"epoch": epochs, "phase": "dropout"})
    for name in ("loss", "val_loss", "val_jaccard"):
        history[name] = 0.8 * np.exp(-epochs / 9) + draw.normal(0.1, 0.02, 30)
    write_csv(folder / "history.csv", history)
    curve = {"threshold": THRESHOLDS, "jaccard": 0.8 - (THRESHOLDS - 0.4) ** 2}
    write_csv(folder / "curve.csv", pd.DataFrame(curve))
    write_json(folder / "threshold.json", {"threshold": 0.42})
    write_json(folder / "unet.json", training_facts(epochs=30))
    names = ("history", "curve", "scores")
    files = {name: folder / f"{name}.csv" for name in names}
    files |= {"threshold": folder / "threshold.json", "training": folder / "unet.json"}
    plot_segmentation.main(
        Paths(**files, figure=folder / "segmentation.svg"), options={}
    )


def training_facts(*, epochs):
    facts = {
        "model": "unet",
        "parameters": 1_941_105,
        "n": 900,
        "n_valid": 451,
        "kept_epoch": 4,
    }
    return {**facts, "epochs": epochs, "device": "cpu", "threads": 2, **MADE}


def make_trainings(root, keys, draw, *, epochs):
    for arm, fold, seed in keys:
        folder = root / fold / arm / seed
        steps = np.arange(1, epochs + 1)
        history = pd.DataFrame({"epoch": steps})
        for name, floor in (("loss", 0.2), ("val_loss", 0.4)):
            noise = draw.normal(0, 0.04, epochs)
            history[name] = floor + np.exp(-3 * steps / epochs) + noise
            accuracy = name.replace("loss", "accuracy")
            history[accuracy] = 1 - 0.5 * history[name]
        write_csv(folder / "history.csv", history)
        own = {"model": "resnet50 v1", "size": 224}
        facts = {**training_facts(epochs=epochs), **own}
        write_json(folder / "training.json", facts)
        write_json(folder / "scores.json", MADE)


def make_run(root, *, skills, folds=1, seeds=1, photographs=400, epochs=6, **more):
    """Make the files, draw the figures, write headline and report; give the report."""
    draw = np.random.default_rng(1)
    folds = [f"fold{number}" for number in range(folds)]
    seeds = [f"seed{number}" for number in range(1, seeds + 1)]
    keys = [(arm, fold, seed) for fold, arm, seed in product(folds, skills, seeds)]
    images = make_images(root, folds, photographs, draw)
    make_audits(root, images, folds)
    for fold in folds:
        make_segmentation(root, images, fold, draw)
    make_trainings(root, keys, draw, epochs=epochs)
    predictions = make_predictions(images, keys, skills, draw)
    write_csv(root / "predictions.csv", predictions)
    write_csv(root / "images.csv", images)
    masks = pd.DataFrame({"image_id": images["image_id"], "file": images["mask"]})
    write_csv(root / "masks.csv", masks)
    compare(root, list(skills))
    draw_figures(root, folds, keys, CLASSES, files=FILES)
    return show(root, folds, keys, list(skills), **more)


def compare(root, arms):
    names = ("comparison.json", "trainings.csv", "roc.csv", "pairs.csv")
    files = {name.split(".")[0]: root / name for name in names}
    compare_arms.main(
        Paths(predictions=root / "predictions.csv", **files),
        options={
            **OUTCOME,
            "arms": arms,
            "primary": "auc",
            "margin": 0.02,
            "specificity": 0.9,
            "replicates": 200,
            "confidence": 0.95,
            "seed": 1,
            "code": MADE["code"],
        },
    )


def show(root, folds, keys, arms, *, source="folder", phantom=None):
    cut = [a for a in arms if a in ("original", "segmented", "segmented_true")]
    score_by_mask.main(
        Paths(
            predictions=root / "predictions.csv",
            masks=[root / fold / "shown.csv" for fold in folds],
            table=root / "by_mask.csv",
        ),
        options={"folds": folds, "arms": cut, **OUTCOME},
    )
    facts = {"source": source, "phantom": phantom or {}}
    shared = {"comparison": root / "comparison.json", "configs": []}
    shared["split_audit"] = root / "split_audit.json"
    write_headline.main(Paths(**shared, headline=root / "headline.txt"), options=facts)
    of_folds = {"segmentation_scores": "scores.json", "segmenters": "unet.json"}
    of_folds["segmentation"] = "segmentation.svg"
    of_keys = {"class_scores": "scores.json", "classifiers": "training.json"}
    figures = {"samples": "samples.png", "arms": "samples.png", "flow": "flow.svg"}
    figures["characteristics"] = "characteristics.svg"
    unet_folds = folds if "segmented" in arms else []
    names = ("trainings", "outcomes", "verdict", "scores", "differences")
    figures |= {name: f"{name}.svg" for name in names}
    write_report.main(
        Paths(
            **shared,
            **{
                n: [root / fold / file for fold in unet_folds]
                for n, file in of_folds.items()
            },
            cases=[root / "cases.png"],
            **{
                n: [root / f / a / s / file for a, f, s in keys]
                for n, file in of_keys.items()
            },
            **{name: root / file for name, file in figures.items()},
            template=TEMPLATE,
            audit=root / "audit.json",
            outcome_table=root / "trainings.csv",
            **({"by_mask": root / "by_mask.csv"} if "segmented" in arms else {}),
            benchmarks=root / "benchmarks",
            config=root / "config.yaml",
            report=root / "report.html",
        ),
        options={
            **facts,
            "title": "Does cutting the lesion out help to find melanoma?",
            "folds": folds,
            "unet_folds": unet_folds,
            "keys": keys,
            "protocol": "kfold",
            "classes": CLASSES,
        },
    )
    return root / "report.html"
