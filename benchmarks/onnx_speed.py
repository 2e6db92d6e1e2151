"""Photographs a second of CPU on TensorFlow, torch and ONNX Runtime, by turns.

    python benchmarks/onnx_speed.py --threads 1

Each library has a process of its own, which loads the same weights and predicts the
same photographs (random pixels) as it is told; they are told by turns, and CPU time is
counted, so that what else runs on the machine favours none. The median of the turns is
printed, and the largest difference of a probability from the first library. Weights are
random.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np

TURNS, BATCH, CLASSES = 5, 16, 3
UNETS = ((64, 64), (112, 144))
CLASSIFIERS = (("resnet50", 96), ("resnet50", 224), ("timm/tf_efficientnet_lite0", 224))


def write_all(folder):
    """Write each network with random weights, as it is trained and as ONNX."""
    from lesionlab.export.file import Wanted, write_networks
    from lesionlab.export.networks import load_classifier, load_unet
    from lesionlab.networks.network import Architecture, build_network, save_model
    from lesionlab.segmentation.backend import start_backend

    start_backend("torch", threads=1)
    from lesionlab.segmentation.prediction import save_weights
    from lesionlab.segmentation.unet import build_unet

    for size in UNETS:
        height, width = size
        path = folder / f"unet{height}.weights.h5"
        save_weights(build_unet(height=height, width=width, dropout=0.0, seed=1), path)
        network = load_unet(path, size, flips=False)
        wanted = Wanted(folder / f"unet{height}.onnx", network, draw(*size), None)
        list(write_networks([wanted], title="unet", outputs=["lesion"]))
    for model, side in CLASSIFIERS:
        name = f"{model.replace('/', '-')}{side}"
        path = folder / f"{name}.safetensors"
        architecture = Architecture(model, side)
        network = build_network(architecture, CLASSES, seed=1)
        options = {"scale": network.scale, "classes": ["a", "b", "c"]}
        weights = network.module.state_dict()
        save_model(path, weights, architecture=architecture, **options)
        loaded = load_classifier(path, flips=False)
        wanted = Wanted(folder / f"{name}.onnx", loaded, draw(side, side), path)
        outputs = ["probabilities", "features"]
        list(write_networks([wanted], title=model, outputs=outputs))


def draw(height, width):
    """Photographs of random pixels, uint8 (BATCH, height, width, 3)."""
    stream = np.random.default_rng(0)
    return stream.integers(0, 256, (BATCH, height, width, 3), dtype=np.uint8)


def load(library, folder, name, size, threads):
    """Give what predicts with a library, photographs to probabilities."""
    if library == "ONNX Runtime":
        from lesionlab.export.runtime import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(
            folder / f"{name}.onnx", settings, providers=["CPUExecutionProvider"]
        )
        return lambda pixels: session.run(None, {"photographs": pixels})[0]
    if name.startswith("unet"):
        from lesionlab.segmentation.backend import start_backend

        start_backend(library.lower(), threads=threads)
        from lesionlab.segmentation.prediction import load_weights, predict_probability
        from lesionlab.segmentation.unet import build_unet

        height, width = size
        unet = build_unet(height=height, width=width, dropout=0.0, seed=0)
        load_weights(unet, folder / f"{name}.weights.h5")
        return lambda pixels: predict_probability(unet, pixels, batch_size=BATCH)
    import torch

    from lesionlab.classification.prediction import predict_probabilities
    from lesionlab.networks.network import load_model
    from lesionlab.training.device import pick_device, place_model

    network, _ = load_model(folder / f"{name}.safetensors")
    model = place_model(network.module, pick_device(threads))
    options = {"batch_size": BATCH, "scale": network.scale}
    return lambda pixels: predict_probabilities(
        model, torch.from_numpy(pixels), **options
    ).numpy()


def serve(pipe, *of_network, size):
    """Predict as often as the pipe says so; send the seconds back."""
    predict, pixels = load(*of_network[:3], size, of_network[3]), draw(*size)
    pipe.send(np.asarray(predict(pixels), float))
    while pipe.recv():
        started = time.process_time()
        predict(pixels)
        pipe.send(time.process_time() - started)


def compare(folder, name, size, libraries, threads):
    """Time the libraries by turns; print a row."""
    pipes, jobs = {}, []
    for library in libraries:
        pipes[library], theirs = multiprocessing.Pipe()
        of_network = (theirs, library, folder, name, threads)
        jobs.append(
            multiprocessing.Process(
                target=serve, args=of_network, kwargs={"size": size}, daemon=True
            )
        )
        jobs[-1].start()
    said = {library: pipe.recv() for library, pipe in pipes.items()}
    times = {library: [] for library in libraries}
    for turn in range(TURNS + 1):
        for library, pipe in pipes.items():
            pipe.send(True)
            seconds = pipe.recv()
            if turn:  # the first turn warms up
                times[library].append(seconds)
    for pipe, job in zip(pipes.values(), jobs, strict=True):
        pipe.send(False)
        job.join()
    rates = {library: BATCH / median(one) for library, one in times.items()}
    row = " ".join(f"{library} {rate:.1f}" for library, rate in rates.items())
    first = said[libraries[0]]
    difference = max(np.abs(one - first).max() for one in said.values())
    print(f"{name:32} {row}  differ by {difference:.1e}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--networks", type=Path, help="folder to keep or take them")
    given = parser.parse_args()
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    multiprocessing.set_start_method("spawn")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.networks or Path(temporary)
        if not list(folder.glob("*.onnx")):
            folder.mkdir(exist_ok=True)
            writer = multiprocessing.Process(target=write_all, args=(folder,))
            writer.start()
            writer.join()
        print(f"photographs a second of CPU, {given.threads} thread(s), batch {BATCH}")
        three = ("TensorFlow", "torch", "ONNX Runtime")
        for size in UNETS:
            compare(folder, f"unet{size[0]}", size, three, given.threads)
        for model, side in CLASSIFIERS:
            name = f"{model.replace('/', '-')}{side}"
            compare(folder, name, (side, side), three[1:], given.threads)


if __name__ == "__main__":
    main()
