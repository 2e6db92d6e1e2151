"""Run one training stage on small arrays and say on each line what it does now.

    python tests/faults/trainings.py unet|segmenter|classifier FOLDER [every] [torch]

A line is a mark at which the caller may kill this process: a step, a batch of the
validation, the begin of a save, and its end with the SHA-256 of what was saved. With
`every` the training saves at each opportunity, else several times a second; with
`torch` the U-Net is Keras's on torch.
"""

import hashlib
import json
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from lesionlab.segmentation.backend import start_backend
from lesionlab.state import TrainingState
from recipes import classification, segmentation

SECONDS = 0.1  # between saves
CLASSES = ["MEL", "NV", "Other_SC"]
UNET = segmentation(batch_size=4, epochs=6, dropout_free_epochs=3, test_time_flips=True)
SEGMENTER = {
    **UNET,
    "model": "smp/unet",
    "encoder": "timm-mobilenetv3_small_minimal_100",
}
CLASSIFIER = classification(
    epochs=12, patience=5, warmup=1, ema=0.9, sampling="balanced", class_weights=True,
    label_smoothing=0.1, focal=1.0, mixup=0.2, test_time_flips=True,
)  # fmt: skip


def mark(*words):
    print(*words, flush=True)


class MarkedState(TrainingState):
    """Says when it saves, and what."""

    def checkpoint(self, save, position, *settle):
        mark("at", f"epoch {position.epoch}, step {position.step}")
        super().checkpoint(save, position, *settle)

    def save(self, arrays, facts):
        mark("save")
        super().save(arrays, facts)
        digest = hashlib.sha256(json.dumps(facts).encode())
        for name in sorted(arrays):
            digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
        mark("saved", digest.hexdigest())


def write_inputs(folder, *, size, task):
    """Write packed arrays with lesions that a small network can find and tell apart."""
    draw = np.random.default_rng(1)
    sets = ["train"] * 26 + ["valid"] * 8 + ["test"] * 6
    count, (height, width) = len(sets), size
    names = [f"ISIC_{number:07d}" for number in range(count)]
    kinds = draw.integers(0, 3, count)
    pixels = draw.integers(120, 256, (count, height, width, 3), np.uint8)
    masks = np.zeros((count, height, width), np.uint8)
    for mask, picture, kind in zip(masks, pixels, kinds, strict=True):
        y, x = draw.integers(2, height // 2), draw.integers(2, width // 2)
        mask[y : y + height // 3, x : x + width // 3] = 255
        picture[mask > 0] //= 3
        picture[..., kind] //= 2
    np.save(folder / "pixels.npy", pixels)
    np.save(folder / "masks.npy", masks)
    pd.DataFrame({"image_id": names}).to_csv(folder / "index.csv", index=False)
    labels = [CLASSES[kind] for kind in kinds]
    table = {"image_id": names, "group": names, "label": labels, "fold": "fold0"}
    table = pd.DataFrame({**table, "task": task, "set": sets})
    table.to_csv(folder / "split.csv", index=False)


def make_paths(folder):
    names = {"pixels": "npy", "masks": "npy", "index": "csv", "split": "csv"}
    names |= {"history": "csv", "training": "json", "model": "safetensors"}
    names |= {"weights": "weights.h5", "predictions": "csv", "probabilities": "npy"}
    paths = {name: folder / f"{name}.{suffix}" for name, suffix in names.items()}
    return SimpleNamespace(
        **paths, ids=folder / "probabilities.csv", state=folder / "state"
    )


def run_unet(folder, state, *, backend):
    import predict_masks
    import train_unet

    train_unet.TrainingState = state
    write_inputs(folder, size=(32, 48), task="segmentation")
    paths = make_paths(folder)
    start_backend(backend, threads=1)
    options = {**UNET, "backend": backend}
    train_unet.main(paths, options=options)
    predict_masks.main(paths, options=options)


def run_segmenter(folder, state, **_):
    import predict_lesions
    import train_segmenter

    train_segmenter.TrainingState = state
    write_inputs(folder, size=(32, 64), task="segmentation")
    paths = make_paths(folder)
    paths.weights = folder / "segmenter.safetensors"
    train_segmenter.main(paths, options=SEGMENTER)
    predict_lesions.main(paths, options=SEGMENTER)


def run_classifier(folder, state, **_):
    from torchvision.models.resnet import Bottleneck, ResNet

    import predict_classes
    import train_classifier
    from lesionlab.networks import resnet

    train_classifier.TrainingState = state
    # one block a stage: the code is that of ResNet-50, a save takes no second
    resnet.resnet50 = partial(ResNet, Bottleneck, [1, 1, 1, 1])
    write_inputs(folder, size=(32, 32), task="classification")
    paths = make_paths(folder)
    del paths.weights  # random initial weights
    train_classifier.main(paths, options=CLASSIFIER)
    predict_classes.main(paths, options=CLASSIFIER)


def main(kind, folder, *how):
    def state(where, identity):
        seconds = 0.0 if "every" in how else SECONDS
        return MarkedState(where, identity, save_seconds=seconds)

    runs = {"unet": run_unet, "segmenter": run_segmenter, "classifier": run_classifier}
    backend = "torch" if "torch" in how else "tensorflow"
    runs[kind](Path(folder), state, backend=backend)
    mark("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
