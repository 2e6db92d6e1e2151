"""Train the U-Net of one fold and keep the epoch that the config names."""

import numpy as np
import pandas as pd

from lesionlab.files import (
    read_csv,
    sha256_file,
    write_csv,
    write_json,
)
from lesionlab.segmentation.backend import device_kind, start_backend
from lesionlab.stage import Options, Paths, provenance, run_stage
from lesionlab.state import TrainingState


def main(paths: Paths, *, options: Options) -> None:
    start_backend(options["backend"], threads=options["threads"])
    from lesionlab.segmentation.prediction import save_weights
    from lesionlab.segmentation.training import Pairs, fit_unet
    from lesionlab.segmentation.unet import build_unet

    split = read_csv(paths.split).query("task == 'segmentation'")
    split = split[split["fold"] == options["fold"]]
    position = pd.Index(read_csv(paths.index)["image_id"])
    pixels, masks = (
        np.load(path, mmap_mode="r") for path in (paths.pixels, paths.masks)
    )
    train, valid = (
        Pairs(pixels, masks, position.get_indexer(split["image_id"][split["set"] == s]))
        for s in ("train", "valid")
    )
    identity = {
        "options": dict(options),
        "pixels": sha256_file(paths.pixels),
        "masks": sha256_file(paths.masks),
        "index": sha256_file(paths.index),
        "split": sha256_file(paths.split),
        "device": device_kind(),
    }
    with TrainingState(paths.state, identity) as state:
        weights, history, kept = fit_unet(train, valid, options=options, state=state)
        state.finish()
    network = build_unet(
        height=options["height"], width=options["width"], dropout=0.0, seed=0
    )
    network.set_weights(weights)
    save_weights(network, paths.weights)
    write_csv(paths.history, pd.DataFrame(history))
    write_json(
        paths.training,
        {
            "model": "unet",
            "n": len(train.rows),
            "n_valid": len(valid.rows),
            "parameters": network.count_params(),
            "epochs": len(history),
            "kept_epoch": kept,
            "device": identity["device"],
            "threads": options["threads"],
            **provenance(options["code"], ("keras", options["backend"])),
        },
    )


if __name__ == "__main__":
    run_stage(main)
