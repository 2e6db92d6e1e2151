"""Train the classifier of one fold, arm and seed."""

from pathlib import Path

import numpy as np
import pandas as pd

from lesionlab.classification.wanted import HEAD
from lesionlab.files import atomic_path, read_csv, sha256_file, write_csv, write_json
from lesionlab.randomness import CLASSIFIER_WEIGHTS, derive_seed
from lesionlab.stage import Options, Paths, limit_threads, provenance, run_stage
from lesionlab.state import TrainingState


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(options["threads"])
    import torch

    from lesionlab.classification.frozen import freeze_stages, prepare_head
    from lesionlab.classification.task import Classification, Labelled, plan_training
    from lesionlab.networks.initial import start_network
    from lesionlab.networks.network import RESNET, Architecture, save_model
    from lesionlab.training.device import pick_device, place_model, place_pictures
    from lesionlab.training.loop import fit

    device = pick_device(options["threads"])
    split = read_csv(paths.split).query("task == 'classification'")
    split = split[split["fold"] == options["fold"]]
    position = pd.Index(read_csv(paths.index)["image_id"])
    pixels = np.load(paths.pixels, mmap_mode="r")

    def load(name: str) -> Labelled:
        part = split[split["set"] == name]
        rows = position.get_indexer(part["image_id"])
        labels = pd.Index(options["classes"]).get_indexer(part["label"])
        arrays = pixels[rows], labels.astype(np.int64)
        return Labelled(*place_pictures(arrays, device, key="classification.size"))

    inputs = {"pixels": paths.pixels, "index": paths.index, "split": paths.split}
    weights: Path | None = getattr(paths, "weights", None)
    if weights is not None:
        inputs["weights"] = weights
    network, architecture = start_network(
        Architecture(options["model"], pixels.shape[1]),
        len(options["classes"]),
        # without the arm: arms of one seed and fold begin with the same weights
        seed=derive_seed(CLASSIFIER_WEIGHTS, options["seed"], options["fold"]),
        weights=weights,
        variant=options["weights_variant"],
    )
    variant = architecture.variant
    identity = {
        "options": dict(options),
        "variant": variant,
        "scale": network.scale,
        "device": device.type,
        **{name: sha256_file(path) for name, path in inputs.items()},
    }
    model = place_model(network.module, device)
    train, valid = load("train"), load("valid")
    learning: torch.nn.Module = model
    task = Classification(train, valid, options, network.scale)
    if options["trainable"] == HEAD:
        learning, task = prepare_head(network, train, valid, options)
    elif options["trainable"] != "all":
        freeze_stages(network, options["trainable"])
    with TrainingState(paths.state, identity) as state:
        best, history, kept = fit(learning, task, plan_training(options), state=state)
        state.finish()
    learning.load_state_dict(best)
    with atomic_path(paths.model) as draft:
        save_model(
            draft,
            {name: value.cpu() for name, value in model.state_dict().items()},
            architecture=architecture,
            scale=network.scale,
            classes=options["classes"],
        )
    write_csv(paths.history, pd.DataFrame(history))
    write_json(
        paths.training,
        {
            "model": f"{options['model']} {variant}"
            if options["model"] == RESNET
            else options["model"],
            "n": len(train.labels),
            "n_valid": len(valid.labels),
            "size": architecture.size,
            "parameters": sum(p.numel() for p in model.parameters()),
            "trainable_parameters": sum(
                p.numel() for p in learning.parameters() if p.requires_grad
            ),
            "epochs": len(history),
            "kept_epoch": kept,
            "device": device.type,
            "threads": options["threads"],
            "initial_weights_sha256": identity.get("weights"),
            **provenance(options["code"], ("torch", "torchvision", "timm")),
        },
    )


if __name__ == "__main__":
    run_stage(main)
