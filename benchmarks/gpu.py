"""Pictures a second of both trainings on a GPU, beside the networks on random tensors.

    python benchmarks/gpu.py

Floor and loop run by turns in one process; the median of the turns is printed. A floor
is what a step costs when its batch lies on the device, ready-made: forward, loss,
backward, update. The libraries that a training imports will do (torch, torchvision,
safetensors, filelock, tqdm); with Keras and OpenCV the U-Net is measured too, on the
torch backend of Keras.
"""

import argparse
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
# cuBLAS reads it when it starts; without it matrix products may differ from run to run
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

import numpy as np

TURNS = 5
EPOCH = {
    "seed": 1,
    "fold": "1",
    "epochs": 1,
    "shuffle": True,
    "flips": True,
    "jitter": 0.0,
    "crop": 0.0,
    "loss": "bce",
    "learning_rate": 0.001,
    "optimizer": "sgd",
    "momentum": 0.9,
    "compile": False,
    "weight_decay": 0.0,
    "patience": 1,
    "dropout_free_epochs": 0,
    "dropout_free_learning_rate": 0.001,
    "schedule": "constant",
    "classes": ["MEL", "NV", "Other_SC"],
    "warmup": 0,
    "ema": 0.0,
    "sampling": "natural",
    "class_weights": False,
    "label_smoothing": 0.0,
    "focal": 0.0,
    "mixup": 0.0,
    "augmentation": {"flips": True, "rotations": True, "jitter": 0.1, "crop": 0.0},
}


def compare(title, count, floor, loop, wait):
    """Time both by turns; print pictures a second and their ratio."""
    times = {floor: [], loop: []}
    for turn in range(TURNS + 1):
        for run in (floor, loop):
            wait()
            started = time.perf_counter()
            run()
            wait()
            if turn:  # the first turn warms up
                times[run].append(time.perf_counter() - started)
    least, ours = (count / median(times[run]) for run in (floor, loop))
    print(f"{title:48} {least:9.0f} {ours:9.0f} img/s {ours / least:6.2f}", flush=True)


def bench_torch(title, task, plan, model, ready, count):
    """Steps on a ready batch, against an epoch of the task."""
    import torch

    from lesionlab.training.device import fast_precision
    from lesionlab.training.epoch import train_one_epoch
    from lesionlab.training.snapshot import Progress

    optimizer, (inputs, targets) = plan.optimizer(model), ready
    for group in optimizer.param_groups:
        group["lr"] = plan.phases[0].rate

    def floor():
        model.train()
        for _ in range(count // plan.batch_size):
            optimizer.zero_grad(set_to_none=True)
            with fast_precision(task.device):
                loss = task.loss(model(inputs), targets)
            loss.backward()
            optimizer.step()

    def loop():
        train_one_epoch(
            model,
            optimizer,
            task,
            batch_size=plan.batch_size,
            phase=plan.phases[0],
            progress=Progress(),
        )

    order = torch.are_deterministic_algorithms_enabled()
    title += ", deterministic" if order else ", free"
    compare(title, count, floor, loop, wait_for(task.device))


def set_order(deterministic):
    """Order sums, or not, beyond what the trainings do; give the device."""
    import torch

    from lesionlab.training.device import pick_device

    device = pick_device(1)
    torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.deterministic = deterministic
    return device


def bench_classifier(name, size, batch_size, steps, *, deterministic, compiled=False):
    """Steps of a classifier on random tensors, against an epoch of its training."""
    import torch

    from lesionlab.classification.task import Classification, Labelled, plan_training
    from lesionlab.networks.network import Architecture, build_network
    from lesionlab.training.device import place_model

    device, count = set_order(deterministic), steps * batch_size
    network = build_network(Architecture(name, size), 3, seed=1)
    pixels = torch.randint(0, 256, (count, size, size, 3), dtype=torch.uint8)
    labels = torch.randint(0, 3, (count,), device=device)
    data = Labelled(pixels.to(device), labels)
    ready = torch.randn(batch_size, 3, size, size, device=device)
    ready = ready.contiguous(memory_format=torch.channels_last)
    options = {**EPOCH, "batch_size": batch_size}
    model = place_model(network.module, device)
    title = f"{network.title} {size}x{size}, batch {batch_size}"
    bench_torch(
        title + (", compiled" if compiled else ""),
        Classification(data, data, options, network.scale),
        plan_training(options),
        torch.compile(model, dynamic=False) if compiled else model,
        (ready, labels[:batch_size]),
        count,
    )


def bench_segmenter(height, width, batch_size, steps, *, deterministic):
    """Steps of a segmenter on torch on random tensors, against an epoch of it."""
    import torch

    from lesionlab.segmenter.network import build_segmenter
    from lesionlab.segmenter.task import Masked, Segmentation, plan_training
    from lesionlab.training.device import place_model

    device, count = set_order(deterministic), steps * batch_size
    model, encoder = "smp/unet", "resnet34"
    pixels = torch.randint(0, 256, (count, height, width, 3), dtype=torch.uint8)
    masks = torch.rand(count, height, width, device=device) > 0.5
    data = Masked(pixels.to(device), masks)
    ready = torch.randn(batch_size, 3, height, width, device=device)
    ready = ready.contiguous(memory_format=torch.channels_last)
    options = {**EPOCH, "batch_size": batch_size, "keep": "best", "model": model}
    bench_torch(
        f"{model}, {encoder}, {height}x{width}, batch {batch_size}",
        Segmentation(data, data, options),
        plan_training(options, dropout=False),
        place_model(build_segmenter(model, encoder, seed=1), device),
        (ready, masks[:batch_size, None].float()),
        count,
    )


def bench_unet(height, width, batch_size, steps):
    """Steps of the U-Net on one ready batch, against an epoch of the training."""
    import torch

    from lesionlab.segmentation.phases import compile_unet, plan_phases
    from lesionlab.segmentation.snapshot import Progress
    from lesionlab.segmentation.training import Pairs, _train_epoch

    size = {"height": height, "width": width, "batch_size": batch_size}
    options = {**EPOCH, **size, "dropout": 0.3}
    phase = plan_phases(options)[0]
    model = compile_unet(options, phase)
    count = steps * batch_size
    numbers = np.random.default_rng(0)
    pixels = numbers.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    masks = 255 * numbers.integers(0, 2, (count, height, width), dtype=np.uint8)
    train = Pairs(pixels, masks, np.arange(count))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = torch.rand(batch_size, height, width, 3, device=device)
    y = torch.randint(0, 2, (batch_size, height, width, 1), device=device).float()

    def floor():
        for _ in range(steps):
            model.zero_grad()
            model.loss(y, model(x, training=True)).backward()
            weights = model.trainable_weights
            with torch.no_grad():
                model.optimizer.apply([w.value.grad for w in weights], weights)

    def loop():
        _train_epoch(model, train, options, Progress(), phase, lambda _: None)

    title = f"U-Net {height}x{width}, batch {batch_size}, Keras on torch"
    compare(title, count, floor, loop, wait_for(device))


def wait_for(device):
    """Wait until the device has done all that it was given."""
    import torch

    return torch.cuda.synchronize if device.type == "cuda" else lambda: None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30, help="of one turn")
    parser.add_argument(
        "--compiled", action="store_true", help="by torch.compile too: a minute more"
    )
    asked = parser.parse_args()
    steps = asked.steps
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"{name}, torch {torch.__version__}")
    print(f"{'':48} {'floor':>9} {'loop':>9}")
    for deterministic in (True, False):
        order = {"deterministic": deterministic}
        for size in (224, 64):
            bench_classifier("resnet50", size, 64, steps, **order)
        if find_spec("timm"):
            bench_classifier("timm/convnext_tiny", 224, 64, steps, **order)
        if find_spec("segmentation_models_pytorch"):
            bench_segmenter(192, 256, 16, steps, **order)
    if asked.compiled:
        for deterministic in (True, False):
            order = {"deterministic": deterministic, "compiled": True}
            bench_classifier("resnet50", 224, 64, steps, **order)
    if find_spec("keras"):
        from lesionlab.segmentation.backend import start_backend

        start_backend("torch", threads=1)
        bench_unet(192, 256, 16, steps)
        bench_unet(80, 112, 16, steps)


if __name__ == "__main__":
    main()
