"""Put everything that predicts on new photographs into one folder."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from lesionlab.bundle.manifest import FORMAT
from lesionlab.files import read_json, sha256_file, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    folder = paths.manifest.parent
    shutil.rmtree(folder, ignore_errors=True)
    calibration = read_json(paths.calibration)
    files: dict[str, str] = {}

    def take(source: Path, name: str) -> str:
        _place(source, folder / name)
        files[name] = sha256_file(folder / name)
        return name

    height, width = np.load(paths.segmenter_pixels, mmap_mode="r").shape[1:3]
    segmenters = [
        {
            "fold": fold,
            "file": take(source, f"segmenters/{fold}.onnx"),
            "threshold": read_json(threshold)["threshold"],
            "height": int(height),
            "width": int(width),
        }
        for fold, source, threshold in zip(
            options["folds"], paths.segmenter_files, paths.thresholds, strict=True
        )
    ]
    arms: dict[str, Any] = {}
    members = zip(
        options["keys"],
        paths.classifier_files,
        paths.classifiers,
        paths.pixels,
        strict=True,
    )
    for (arm, fold, seed), source, weights, pixels in members:
        side = int(np.load(pixels, mmap_mode="r").shape[1])
        about = arms.setdefault(
            arm, {"size": side, "members": [], **calibration["arms"][arm]}
        )
        file = take(source, f"classifiers/{arm}.{fold}.{seed}.onnx")
        if not about["members"]:
            about["weights"] = take(weights, f"weights/{arm}.safetensors")
        about["members"].append({"fold": fold, "seed": seed, "file": file})
    arm, fold, seed = options["keys"][0]
    shown = options["licence"] is not None
    facts = {
        "format": FORMAT,
        "lesionlab": str(paths.version),
        "run": options["run"],
        "classes": options["classes"],
        "positive_class": options["positive_class"],
        "segmenters": segmenters,
        "arms": arms,
        "likeness": calibration["likeness"],
        "training": {
            "arm": arm,
            "fold": fold,
            "seed": seed,
            "features": take(paths.features, "training/features.npy"),
            "cases": take(paths.cases, "training/cases.csv"),
            "thumbnails": take(paths.thumbnails, "training/thumbnails.npy")
            if shown
            else None,
            "licence": options["licence"],
        },
        "export": read_json(paths.check)["largest_difference"],
        **provenance(options["code"], ("onnxruntime", "numpy", "opencv-python")),
    }
    write_json(paths.manifest, {**facts, "files": files})


def _place(source: Path, target: Path) -> None:
    """Let a file stand in the bundle too, where possible without a second copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


if __name__ == "__main__":
    run_stage(main)
