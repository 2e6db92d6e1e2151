"""For every leaf key of config.yaml, another value that the schema allows."""

# What a change of these keys needs lies in the run on a folder, in two folds.
WHOLE = {"dataset.classes", "classification.arm_seeds"}  # mappings, one leaf each
FOLDER_ONLY = {"dataset.path", "split.folds"}
TOGETHER_WITH = {
    "dataset.source": {"dataset": {"path": "results/tiny/phantom"}},
    "split.sources": {"split": {"protocol": "source"}},
}
NOT_CHANGED = {"run"}  # names another folder of results, where every stage runs
ALTERNATIVES = {
    "dataset.source": "folder",
    "dataset.path": "elsewhere",
    "dataset.classes": {
        "NV": ["nv", "df"],
        "Other_SC": ["akiec", "bcc", "bkl", "vasc"],
    },
    "dataset.positive_class": "NV",
    "dataset.merge": "exact",
    "dataset.phantom.lesions": 91,
    "dataset.phantom.width": 97,
    "dataset.phantom.height": 73,
    "dataset.phantom.seed": 4,
    "dataset.phantom.signal": "both",
    "dataset.phantom.strength": 0.5,
    "split.protocol": "image",
    "split.sources": ["vidir_modern"],
    "split.seed": 2,
    "split.folds": 3,
    "split.classification.train": {"MEL": 9},
    "split.classification.valid": 23,
    "split.classification.test": 39,
    "split.segmentation.train": 23,
    "split.segmentation.valid": 11,
    "split.segmentation.test": 11,
    "segmentation.model": "smp/unet",
    "segmentation.encoder": "resnet18",
    "segmentation.encoder_weights": "imagenet",
    "segmentation.backend": "torch",
    "segmentation.threads": 2,
    "segmentation.seed": 2,
    "segmentation.height": 48,
    "segmentation.width": 32,
    "segmentation.dropout": 0.2,
    "segmentation.loss": "bce_dice",
    "segmentation.batch_size": 4,
    "segmentation.epochs": 2,
    "segmentation.learning_rate": 0.002,
    "segmentation.dropout_free_epochs": 0,
    "segmentation.dropout_free_learning_rate": 0.001,
    "segmentation.shuffle": False,
    "segmentation.flips": False,
    "segmentation.jitter": 0.2,
    "segmentation.crop": 0.3,
    "segmentation.keep": "last",
    "segmentation.compile": True,
    "segmentation.test_time_flips": True,
    "classification.arms": ["original"],
    "classification.seeds": [1, 2],
    "classification.arm_seeds": {"segmented": [1, 2]},
    "classification.threads": 2,
    "classification.model": "timm/convnext_atto",
    "classification.size": 48,
    "classification.weights": "imagenet",
    "classification.weights_variant": "v1",
    "classification.batch_size": 4,
    "classification.epochs": 2,
    "classification.patience": 1,
    "classification.optimizer": "adamw",
    "classification.learning_rate": 0.001,
    "classification.momentum": 0.0,
    "classification.weight_decay": 0.1,
    "classification.schedule": "constant",
    "classification.warmup": 0.5,
    "classification.ema": 0.9,
    "classification.sampling": "balanced",
    "classification.class_weights": True,
    "classification.label_smoothing": 0.1,
    "classification.focal": 2.0,
    "classification.mixup": 0.2,
    "classification.augmentation.flips": False,
    "classification.augmentation.rotations": False,
    "classification.augmentation.jitter": 0.2,
    "classification.augmentation.crop": 0.3,
    "classification.compile": True,
    "classification.test_time_flips": True,
    "classification.trainable": 1,
    "comparison.primary": "brier",
    "comparison.margin": 0.03,
    "comparison.specificity": 0.8,
    "comparison.replicates": 101,
    "comparison.confidence": 0.9,
    "comparison.seed": 2,
    "application.sensitivity": [0.9],
    "application.prevalence": {"MEL": 0.1, "NV": 0.7, "Other_SC": 0.2},
    "application.false_alarms": 0.02,
    "application.licence": "CC0",
    "application.photographs": "elsewhere",
    "report.title": "Another title",
    "report.cases": 3,
    "report.samples": 2,
}


def leaf_keys(config, prefix=""):
    """Dotted names of all leaves; classes and sizes are one leaf each."""
    for key, value in config.items():
        name = f"{prefix}{key}"
        sizes = name.startswith("split.") and name.count(".") == 2
        if isinstance(value, dict) and name not in WHOLE and not sizes:
            yield from leaf_keys(value, f"{name}.")
        else:
            yield name


def nest(key, value):
    """Turn a dotted key into an overlay."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value
