"""Train the segmenter of one fold on torch and keep the epoch that the config names."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from lesionlab.files import read_csv, sha256_file, write_csv, write_json
from lesionlab.randomness import UNET_WEIGHTS, derive_seed
from lesionlab.stage import Options, Paths, limit_threads, provenance, run_stage
from lesionlab.state import TrainingState


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(options["threads"])

    from lesionlab.segmenter.encoder import load_encoder
    from lesionlab.segmenter.network import (
        build_segmenter,
        has_dropout,
        save_segmenter,
    )
    from lesionlab.segmenter.task import (
        Masked,
        Segmentation,
        enter_phase,
        plan_training,
    )
    from lesionlab.training.device import pick_device, place_model, place_pictures
    from lesionlab.training.loop import fit
    from lesionlab.training.pictures import IMAGENET

    device = pick_device(options["threads"])
    built = {key: options[key] for key in ("model", "encoder")}
    seed = derive_seed(UNET_WEIGHTS, options["seed"], options["fold"])
    size = options["height"], options["width"]
    network, scale = build_segmenter(**built, seed=seed, size=size), IMAGENET
    if hasattr(paths, "encoder"):
        scale = load_encoder(network, options["encoder"], paths.encoder)
    names = ("pixels", "masks", "index", "split", "encoder")
    digests = {n: sha256_file(getattr(paths, n)) for n in names if hasattr(paths, n)}
    identity = {
        "options": dict(options),
        "scale": scale,
        "device": device.type,
        **digests,
    }
    place_model(network, device)
    train, valid = (
        Masked(*place_pictures(arrays, device, key="segmentation.height"))
        for arrays in read_sets(paths, options)
    )
    task = Segmentation(train, valid, options, scale)
    plan = plan_training(options, dropout=has_dropout(network))
    enter = partial(enter_phase, dropout=options["dropout"])
    with TrainingState(paths.state, identity) as state:
        best, history, kept = fit(network, task, plan, state=state, enter=enter)
        state.finish()
    save_segmenter(paths.weights, best, **built, scale=scale)
    write_csv(paths.history, pd.DataFrame(history))
    facts = {
        "model": f"{options['model']} {options['encoder']}",
        "n": len(train.masks),
        "n_valid": len(valid.masks),
        "parameters": sum(p.numel() for p in network.parameters()),
        "epochs": len(history),
        "kept_epoch": kept,
        "device": device.type,
        "threads": options["threads"],
        "initial_weights_sha256": digests.get("encoder"),
        **provenance(options["code"], ("torch", "segmentation-models-pytorch")),
    }
    write_json(paths.training, facts)


def read_sets(
    paths: Paths, options: Options
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read pictures and masks, of the training and of the validation set."""
    split = read_csv(paths.split).query("task == 'segmentation'")
    split = split[split["fold"] == options["fold"]]
    position = pd.Index(read_csv(paths.index)["image_id"])
    pixels, masks = (
        np.load(path, mmap_mode="r") for path in (paths.pixels, paths.masks)
    )
    for name in ("train", "valid"):
        rows = position.get_indexer(split["image_id"][split["set"] == name])
        yield pixels[rows], masks[rows] > 0


if __name__ == "__main__":
    run_stage(main)
