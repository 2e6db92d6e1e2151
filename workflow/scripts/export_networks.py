"""Write every network that predicts on new photographs as ONNX."""

from pathlib import Path

import numpy as np
import torch

from lesionlab.export.graph import export
from lesionlab.export.networks import Classifier, KerasSegmenter, Segmenter
from lesionlab.files import write_json
from lesionlab.segmentation.backend import start_backend
from lesionlab.stage import Options, Paths, limit_threads, provenance, run_stage

CHECKED = 32  # photographs on which each network is compared


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(1)
    differences = {}
    pixels = _some(paths.segmenter_pixels)
    for source, target in zip(paths.segmenters, paths.segmenter_files, strict=True):
        network = _load_segmenter(source, pixels, options)
        differences[target.parent.parent.name] = export(
            network, target, pixels, outputs=["lesion"]
        )
    for source, target, shown in zip(
        paths.classifiers, paths.classifier_files, paths.pixels, strict=True
    ):
        network = _load_classifier(source, flips=options["classifier_flips"])
        differences["/".join(target.parts[-4:-1])] = export(
            network, target, _some(shown), outputs=["probabilities", "features"]
        )
    write_json(
        paths.check,
        {
            "n": CHECKED,
            "largest_difference": differences,
            **provenance(options["code"], ("torch", "onnx", "onnxruntime")),
        },
    )


def _some(path: Path) -> np.ndarray:
    pixels = np.load(path, mmap_mode="r")
    rows = np.linspace(0, len(pixels) - 1, min(CHECKED, len(pixels))).astype(int)
    return np.asarray(pixels[rows])


def _load_segmenter(
    path: Path, pixels: np.ndarray, options: Options
) -> torch.nn.Module:
    flips = options["segmenter_flips"]
    if options["model"] != "unet":
        from lesionlab.segmenter.network import load_segmenter

        network, scale = load_segmenter(path)
        return Segmenter(network, scale, flips=flips).eval()
    start_backend("torch", threads=1)  # whichever it was trained on
    from lesionlab.segmentation.prediction import load_weights
    from lesionlab.segmentation.unet import build_unet

    height, width = pixels.shape[1:3]
    unet = build_unet(height=height, width=width, dropout=0.0, seed=0)
    load_weights(unet, path)
    return KerasSegmenter(unet, flips=flips).eval()


def _load_classifier(path: Path, *, flips: bool) -> torch.nn.Module:
    from lesionlab.networks.network import load_model

    network, _ = load_model(path)
    head = network.module.get_submodule(network.head[0].rstrip("."))
    return Classifier(network.module, head, network.scale, flips=flips).eval()


if __name__ == "__main__":
    run_stage(main)
