"""Predict the class probabilities of the validation and test photographs."""

import numpy as np
import pandas as pd

from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, limit_threads, run_stage


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(options["threads"])

    from lesionlab.classification.prediction import predict_probabilities
    from lesionlab.networks.network import load_model
    from lesionlab.training.device import pick_device, place_model, place_pictures

    device = pick_device(options["threads"])
    network, classes = load_model(paths.model)
    model = place_model(network.module, device)
    split = read_csv(paths.split).query("task == 'classification' and set != 'train'")
    split = split[split["fold"] == options["fold"]].sort_values(["set", "image_id"])
    index = pd.Index(read_csv(paths.index)["image_id"])
    rows = index.get_indexer(split["image_id"])
    arrays = [np.load(paths.pixels, mmap_mode="r")[rows]]
    (pixels,) = place_pictures(arrays, device, key="classification.size")
    p = predict_probabilities(
        model,
        pixels,
        batch_size=options["batch_size"],
        scale=network.scale,
        flips=options["test_time_flips"],
    )
    table = split[["image_id", "group", "label", "set"]].reset_index(drop=True)
    for column, name in enumerate(classes):
        table[f"prob_{name}"] = p[:, column].numpy().round(6)
    write_csv(paths.predictions, table)


if __name__ == "__main__":
    run_stage(main)
