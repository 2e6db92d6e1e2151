"""What the data and training loops cost beside the least that they must do.

    HAM10000_DIR=/data/ham10000 .venv/bin/python benchmarks/floors.py

Floor and loop run by turns in one process on the same inputs; the median of the turns
is printed. Decoding needs the real photographs; both trainings take random pixels.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np

from lesionlab.segmentation.backend import start_backend

TURNS, THREADS = 5, 2
start_backend("tensorflow", threads=THREADS)


def compare(name, unit, count, floor, loop):
    """Time both by turns; print milliseconds a unit and their ratio."""
    times = {floor: [], loop: []}
    for turn in range(TURNS + 1):
        for run in (floor, loop):
            started = time.perf_counter()
            run()
            if turn:  # the first turn warms up
                times[run].append(time.perf_counter() - started)
    least, ours = (1000 * median(times[run]) / count for run in (floor, loop))
    print(f"{name:28} {least:9.2f} {ours:9.2f} ms/{unit:6} {ours / least:6.2f}")


def bench_decoding(root):
    """Decode photographs with OpenCV on all threads, against the packing stage."""
    from concurrent.futures import ThreadPoolExecutor

    import cv2

    from lesionlab.data.packing import load_pixels, pack

    files = sorted((root / "images").iterdir())[:400]

    def floor():
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda path: cv2.imread(str(path)), files):
                pass

    def loop():
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "pixels.npy")
            size = {"height": 96, "width": 96, "workers": THREADS}
            sizes = [None] * len(files)
            pack(files, target, sizes=sizes, load=load_pixels, **size)

    compare("decode, resize, pack", "image", len(files), floor, loop)


def bench_unet():
    """One compiled step on a ready batch, against the loop with its flips."""
    import keras

    from lesionlab.segmentation import training
    from lesionlab.segmentation.phases import compile_unet, plan_phases
    from lesionlab.segmentation.snapshot import Progress

    options = {
        "seed": 1, "fold": "fold0", "height": 112, "width": 144, "dropout": 0.3,
        "loss": "bce", "batch_size": 16, "epochs": 10, "learning_rate": 0.001,
        "shuffle": True,
        "dropout_free_epochs": 0, "dropout_free_learning_rate": 0.0002,
        "flips": True, "jitter": 0.0, "crop": 0.0,
    }  # fmt: skip
    draw = np.random.default_rng(1)
    pixels = draw.integers(0, 256, (160, 112, 144, 3), np.uint8)
    masks = draw.integers(0, 2, (160, 112, 144), np.uint8) * np.uint8(255)
    pairs = training.Pairs(pixels, masks, np.arange(160))
    phase = plan_phases(options)[0]
    model = compile_unet(options, phase)
    x = keras.ops.convert_to_tensor(pixels[:16].astype("float32") / 255)
    y = keras.ops.convert_to_tensor(masks[:16, ..., None].astype("float32") / 255)

    def floor():
        for _ in range(10):
            model.train_on_batch(x, y)

    def loop():
        training._train_epoch(model, pairs, options, Progress(), phase, lambda _: None)

    compare("U-Net 112 x 144, batch 16", "step", 10, floor, loop)


def bench_classifier():
    """Forward, backward and step on a ready batch, against the loop."""
    import torch
    from torch.nn.functional import cross_entropy

    from lesionlab.classification.task import Classification, Labelled, plan_training
    from lesionlab.networks.resnet import build_resnet
    from lesionlab.training.device import pick_device, place_model
    from lesionlab.training.epoch import train_one_epoch
    from lesionlab.training.pictures import enter
    from lesionlab.training.snapshot import Progress

    options = {
        "seed": 1, "fold": "fold0", "batch_size": 32, "epochs": 1,
        "learning_rate": 0.001, "momentum": 0.9, "optimizer": "sgd",
    "compile": False, "weight_decay": 0.0,
        "schedule": "cosine", "patience": 1, "classes": ["MEL", "NV", "Other_SC"],
        "warmup": 0, "ema": 0.0, "sampling": "natural", "class_weights": False,
        "label_smoothing": 0.0, "focal": 0.0, "mixup": 0.0,
        "augmentation": {"flips": True, "rotations": True, "jitter": 0.2, "crop": 0.4},
    }  # fmt: skip
    model = place_model(build_resnet(3, seed=1), pick_device(THREADS))
    plan = plan_training(options)
    optimizer = plan.optimizer(model)
    pixels = torch.randint(0, 256, (160, 96, 96, 3), dtype=torch.uint8)
    labels = torch.randint(0, 3, (160,))
    ready = enter(pixels[:32])

    def floor():
        model.train()
        for _ in range(5):
            optimizer.zero_grad(set_to_none=True)
            cross_entropy(model(ready), labels[:32]).backward()
            optimizer.step()

    def loop():
        data = Labelled(pixels, labels)
        train_one_epoch(
            model, optimizer, Classification(data, data, options), progress=Progress(),
            batch_size=plan.batch_size, phase=plan.phases[0],
        )  # fmt: skip

    compare("ResNet-50 96 px, batch 32", "step", 5, floor, loop)


if __name__ == "__main__":
    print(f"{'':28} {'floor':>9} {'loop':>9} {'':9} {'ratio':>6}")
    if "HAM10000_DIR" in os.environ:
        bench_decoding(Path(os.environ["HAM10000_DIR"]))
    bench_unet()
    bench_classifier()
