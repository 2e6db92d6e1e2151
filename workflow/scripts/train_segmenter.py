"""Train the segmenter of one fold on torch and keep the epoch that the config names."""

import numpy as np
import pandas as pd

from lesionlab.files import read_csv, sha256_file, write_csv, write_json
from lesionlab.randomness import UNET_WEIGHTS, derive_seed
from lesionlab.stage import Options, Paths, limit_threads, provenance, run_stage
from lesionlab.state import TrainingState


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(options["threads"])
    import torch

    from lesionlab.segmenter.encoder import load_encoder
    from lesionlab.segmenter.network import (
        build_segmenter,
        has_dropout,
        save_segmenter,
        set_dropout,
    )
    from lesionlab.segmenter.task import Masked, Segmentation, plan_training
    from lesionlab.training.device import pick_device, place_model, place_pictures
    from lesionlab.training.loop import fit
    from lesionlab.training.pictures import IMAGENET
    from lesionlab.training.plan import Phase

    device = pick_device(options["threads"])
    split = read_csv(paths.split).query("task == 'segmentation'")
    split = split[split["fold"] == options["fold"]]
    position = pd.Index(read_csv(paths.index)["image_id"])
    pixels, masks = (
        np.load(path, mmap_mode="r") for path in (paths.pixels, paths.masks)
    )

    def load(name: str) -> Masked:
        rows = position.get_indexer(split["image_id"][split["set"] == name])
        arrays, key = (pixels[rows], masks[rows] > 0), "segmentation.height"
        return Masked(*place_pictures(arrays, device, key=key))

    def enter(network: torch.nn.Module, phase: Phase) -> None:
        free = phase.name == "dropout_free"
        set_dropout(network, 0.0 if free else options["dropout"])

    names = ("pixels", "masks", "index", "split", "encoder")
    inputs = {name: getattr(paths, name) for name in names if hasattr(paths, name)}
    built = {key: options[key] for key in ("model", "encoder")}
    seed = derive_seed(UNET_WEIGHTS, options["seed"], options["fold"])
    size = options["height"], options["width"]
    network, scale = build_segmenter(**built, seed=seed, size=size), IMAGENET
    if "encoder" in inputs:
        scale = load_encoder(network, options["encoder"], inputs["encoder"])
    identity = {
        "options": dict(options),
        "scale": scale,
        "device": device.type,
        **{name: sha256_file(path) for name, path in inputs.items()},
    }
    place_model(network, device)
    task = Segmentation(load("train"), load("valid"), options, scale)
    plan = plan_training(options, dropout=has_dropout(network))
    with TrainingState(paths.state, identity) as state:
        best, history, kept = fit(network, task, plan, state=state, enter=enter)
        state.finish()
    save_segmenter(paths.weights, best, **built, scale=scale)
    write_csv(paths.history, pd.DataFrame(history))
    write_json(
        paths.training,
        {
            "model": f"{options['model']} {options['encoder']}",
            "n": len(task.train.masks),
            "n_valid": len(task.valid.masks),
            "parameters": sum(p.numel() for p in network.parameters()),
            "epochs": len(history),
            "kept_epoch": kept,
            "device": device.type,
            "threads": options["threads"],
            "initial_weights_sha256": identity.get("encoder"),
            **provenance(options["code"], ("torch", "segmentation-models-pytorch")),
        },
    )


if __name__ == "__main__":
    run_stage(main)
