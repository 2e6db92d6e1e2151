"""Train the classifier of one fold, arm and seed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lesionlab.files import read_csv, sha256_file, write_csv, write_json
from lesionlab.randomness import CLASSIFIER_WEIGHTS, derive_seed
from lesionlab.stage import Options, Paths, limit_threads, provenance, run_stage
from lesionlab.state import TrainingState


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(options["threads"])

    from lesionlab.classification.frozen import choose_learning
    from lesionlab.classification.task import Labelled, plan_training
    from lesionlab.networks.initial import start_network
    from lesionlab.networks.network import Architecture, save_model
    from lesionlab.training.device import pick_device, place_model, place_pictures
    from lesionlab.training.loop import fit

    device = pick_device(options["threads"])
    network, architecture = start_network(
        Architecture(options["model"], np.load(paths.pixels, mmap_mode="r").shape[1]),
        len(options["classes"]),
        # without the arm: arms of one seed and fold begin with the same weights
        seed=derive_seed(CLASSIFIER_WEIGHTS, options["seed"], options["fold"]),
        weights=getattr(paths, "weights", None),
        variant=options["weights_variant"],
    )
    names = ("pixels", "index", "split", "weights")
    digests = {n: sha256_file(getattr(paths, n)) for n in names if hasattr(paths, n)}
    identity = {
        "options": dict(options),
        "variant": architecture.variant,
        "scale": network.scale,
        "device": device.type,
        **digests,
    }
    model = place_model(network.module, device)
    train, valid = (
        Labelled(*place_pictures(arrays, device, key="classification.size"))
        for arrays in read_sets(paths, options)
    )
    learning, task = choose_learning(network, train, valid, options)
    with TrainingState(paths.state, identity) as state:
        best, history, kept = fit(learning, task, plan_training(options), state=state)
        state.finish()
    learning.load_state_dict(best)
    save_model(
        paths.model,
        model.state_dict(),
        architecture=architecture,
        scale=network.scale,
        classes=options["classes"],
    )
    write_csv(paths.history, pd.DataFrame(history))
    trained = [p.numel() for p in learning.parameters() if p.requires_grad]
    facts = {
        "model": architecture.title,
        "n": len(train.labels),
        "n_valid": len(valid.labels),
        "size": architecture.size,
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable_parameters": sum(trained),
        "epochs": len(history),
        "kept_epoch": kept,
        "device": device.type,
        "threads": options["threads"],
        "initial_weights_sha256": digests.get("weights"),
        **provenance(options["code"], ("torch", "torchvision", "timm")),
    }
    write_json(paths.training, facts)


def read_sets(
    paths: Paths, options: Options
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read pictures and class numbers, of the training and of the validation set."""
    split = read_csv(paths.split).query("task == 'classification'")
    split = split[split["fold"] == options["fold"]]
    position = pd.Index(read_csv(paths.index)["image_id"])
    pixels = np.load(paths.pixels, mmap_mode="r")
    for name in ("train", "valid"):
        part = split[split["set"] == name]
        labels = pd.Index(options["classes"]).get_indexer(part["label"])
        yield pixels[position.get_indexer(part["image_id"])], labels.astype(np.int64)


if __name__ == "__main__":
    run_stage(main)
