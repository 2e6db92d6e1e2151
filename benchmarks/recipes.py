"""Recipes beside each other, on validation alone, each by its lines of config.

    HAM10000_DIR=/data/ham10000 .venv/bin/python benchmarks/recipes.py \
        benchmarks/recipes.yaml WORK [RECIPE ...]

The workflow trains every recipe on every fold, with every seed, in the folder WORK, one
after another, so that a row makes stale what its lines change and no more. Rows are
kept in ``WORK/rows.csv``; the same command goes on where it was stopped. Two folders
and two lists of recipes keep two cores busy.
"""

import copy
import hashlib
import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pandas as pd
import yaml
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from snakemake.utils import update_config

ROOT = Path(__file__).parents[1]
ARM, POSITIVE = "original", "MEL"
TRAINERS = ("train_unet", "train_segmenter", "train_classifier")


def merge(*settings):
    """Lay settings over each other, as Snakemake does."""
    whole = {}
    for one in settings:
        update_config(whole, copy.deepcopy(one))
    return whole


def run_workflow(work, settings, target):
    """Make one file up to date; what is printed lies in ``printed.txt``."""
    overlay = work / "recipe.yaml"
    overlay.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile"]
    command += ["--directory", work, "--cores", "1", "--configfile", overlay]
    with (work / "printed.txt").open("w") as printed:
        subprocess.run(
            [*map(str, command), "--", str(target.relative_to(work))],
            check=True,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )


def score_classes(path):
    """Score the predicted classes of validation."""
    table = pd.read_csv(path).query("set == 'valid'")
    names = [name for name in table if name.startswith("prob_")]
    p = table[names].rename(columns=lambda name: name.removeprefix("prob_"))
    p = p.div(p.sum(axis=1), axis=0)  # they were rounded
    return {
        "auc": roc_auc_score(table["label"] == POSITIVE, p[POSITIVE]),
        "log_loss": log_loss(table["label"], p.to_numpy(), labels=list(p)),
        "balanced_accuracy": balanced_accuracy_score(table["label"], p.idxmax(axis=1)),
    }


def hash_validation(results, task, fold):
    """Name the validation set; only rows of one set can be compared."""
    split = pd.read_csv(results / "split/split.csv")
    names = split.query(f"task == '{task}' and set == 'valid' and fold == '{fold}'")
    return hashlib.sha256("\n".join(names["image_id"]).encode()).hexdigest()[:8]


def train(work, settings, task, fold, seed):
    """Let the workflow train one recipe; give its row."""
    results = work / "results" / settings["run"]
    if task == "segmentation":
        place, where = results / fold / task, fold
        target = place / "threshold.json"
    else:
        place = results / fold / task / ARM / f"seed{seed}"
        where, target = f"{fold}.{ARM}.seed{seed}", place / "predictions.csv"
    run_workflow(work, settings, target)
    training = json.loads((place / "training.json").read_text())
    times = [results / "benchmarks" / rule / f"{where}.tsv" for rule in TRAINERS]
    latest = max((path for path in times if path.exists()), key=os.path.getmtime)
    return {
        "n": training["n"],
        "epochs": training["epochs"],
        "cpu_s": pd.read_csv(latest, sep="\t")["cpu_time"].sum(),
        "valid": hash_validation(results, task, fold),
        **(
            {"jaccard": json.loads(target.read_text())["jaccard"]}
            if task == "segmentation"
            else score_classes(target)
        ),
    }


def main(file, work, *wanted):
    """Train what has no row yet, and print all rows."""
    asked = yaml.safe_load(Path(file).read_text())
    work = Path(work).resolve()
    work.mkdir(parents=True, exist_ok=True)
    preset = yaml.safe_load((ROOT / asked["preset"]).read_text())
    kept = work / "rows.csv"
    rows = pd.read_csv(kept).to_dict("records") if kept.exists() else []
    done = {(row["recipe"], row["fold"], row["seed"]) for row in rows}
    recipes = wanted or asked["recipes"]
    for seed, fold, recipe in product(asked["seeds"], asked["folds"], recipes):
        if (recipe, fold, seed) in done:
            continue
        seeds = {"segmentation": {"seed": seed}, "classification": {"seeds": [seed]}}
        lines = asked["recipes"][recipe]
        task = "classification" if "classification" in lines else "segmentation"
        settings = merge(preset, asked["always"], lines, seeds)
        row = train(work, settings, task, fold, seed)
        rows.append({"recipe": recipe, "fold": fold, "seed": seed, **row})
        pd.DataFrame(rows).round(4).to_csv(kept, index=False)
        print(rows[-1], flush=True)
    print(pd.DataFrame(rows).round(4).sort_values("recipe").to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
