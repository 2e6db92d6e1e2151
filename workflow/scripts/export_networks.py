"""Write every network that predicts on new photographs as ONNX."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch

from lesionlab.devices import VISIBLE
from lesionlab.export.file import Wanted, write_networks
from lesionlab.export.networks import load_classifier, load_segmenter, load_unet
from lesionlab.files import read_csv, write_json
from lesionlab.segmentation.overlap import quantise
from lesionlab.stage import Options, Paths, provenance, run_stage

CHECKED = 32  # photographs on which a network is compared, where there are so many


def main(paths: Paths, *, options: Options) -> None:
    torch.set_num_threads(1)  # sums depend on it
    os.environ[VISIBLE] = ""  # networks are compared where they will run, on a CPU
    segmenters = _export_segmenters(paths, options)
    classifiers = _export_classifiers(paths, options)
    write_json(
        paths.check,
        {
            "n": min(one["n"] for one in (*segmenters.values(), *classifiers.values())),
            "segmenters": segmenters,
            "classifiers": classifiers,
            **provenance(options["code"], ("torch", "onnxscript", "onnxruntime")),
        },
    )


def _export_segmenters(paths: Paths, options: Options) -> dict[str, dict[str, Any]]:
    """Write the segmenters; say by fold how far each is from what it was."""
    pixels = np.load(paths.segmenter_pixels, mmap_mode="r")
    rows = _spread(len(pixels))
    load = load_unet if options["model"] == "unet" else load_segmenter

    def load_each() -> Iterator[Wanted]:
        for source, target in zip(paths.segmenters, paths.segmenter_files, strict=True):
            network = load(source, pixels.shape[1:3], flips=options["segmenter_flips"])
            beside = source if source.suffix == ".safetensors" else None
            yield Wanted(target, network, np.asarray(pixels[rows]), beside)

    written = write_networks(load_each(), title=options["model"], outputs=["lesion"])
    said = {}
    for fold, maps, one in zip(options["folds"], paths.maps, written, strict=True):
        of_run = np.load(maps, mmap_mode="r")[rows].astype(float)
        said[fold] = {
            "n": len(rows),
            "from_network": one.difference,
            "from_run": float(np.abs(quantise(one.computed) - of_run).max() / 255),
        }
    return said


def _export_classifiers(paths: Paths, options: Options) -> dict[str, dict[str, Any]]:
    """Write the classifiers; say by training how far each is from what it was."""
    whole = map(read_csv, paths.predictions)
    tables = [table.iloc[_spread(len(table))] for table in whole]

    def load_each() -> Iterator[Wanted]:
        for source, target, packed, index, table in zip(
            paths.classifiers,
            paths.classifier_files,
            paths.pixels,
            paths.indices,
            tables,
            strict=True,
        ):
            names = pd.Index(read_csv(index)["image_id"])
            rows = names.get_indexer(table["image_id"])
            pixels = np.asarray(np.load(packed, mmap_mode="r")[rows])
            network = load_classifier(source, flips=options["classifier_flips"])
            yield Wanted(target, network, pixels, source)

    written = write_networks(
        load_each(),
        title=options["classifier"],
        outputs=["probabilities", "features"],
    )
    said = {}
    for key, table, one in zip(options["keys"], tables, written, strict=True):
        of_run = table.filter(like="prob_").to_numpy(float)
        said["/".join(key)] = {
            "n": len(table),
            "from_network": one.difference,
            "from_run": float(np.abs(one.computed.astype(float) - of_run).max()),
        }
    return said


def _spread(count: int) -> np.ndarray:
    return np.linspace(0, count - 1, min(CHECKED, count)).astype(int)


if __name__ == "__main__":
    run_stage(main)
