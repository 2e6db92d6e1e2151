"""Options of trainings as rules hand them over: of config.yaml, but smaller."""

from pathlib import Path

import yaml

CONFIG = yaml.safe_load(Path(__file__).parents[1].joinpath("config.yaml").read_text())
WHICH = {"arms", "seeds", "arm_seeds"}
SMALL = {
    "segmentation": {
        "height": 32, "width": 48, "batch_size": 8, "epochs": 2,
        "learning_rate": 0.002, "dropout_free_epochs": 2,
        "dropout_free_learning_rate": 0.0005, "jitter": 0.1, "crop": 0.2,
    },
    "classification": {
        "size": 32, "batch_size": 6, "epochs": 3, "learning_rate": 0.01,
        "weight_decay": 1e-4,
    },
}  # fmt: skip


def segmentation(**changes):
    """Options of a U-Net or a segmenter."""
    return {**_training("segmentation"), "seed": 3, **changes}


def classification(**changes):
    """Options of a classifier; keys of its augmentation may be named alone."""
    options = {**_training("classification"), "seed": 2, "arm": "original"}
    augmentation = {**options["augmentation"], "crop": 0.2}
    changes["augmentation"] = {**augmentation, **changes.get("augmentation", {})}
    return {**options, "classes": ["MEL", "NV", "Other_SC"], **changes}


def _training(section):
    options = {k: v for k, v in CONFIG[section].items() if k not in WHICH}
    return {**options, **SMALL[section], "threads": 1, "fold": "fold0", "code": "0"}
