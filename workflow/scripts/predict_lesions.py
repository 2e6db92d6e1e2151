"""Predict the probability of lesion for every photograph of the split, on torch."""

import numpy as np

from lesionlab.files import read_csv, write_csv
from lesionlab.segmentation.maps import write_maps
from lesionlab.stage import Options, Paths, limit_threads, run_stage


def main(paths: Paths, *, options: Options) -> None:
    limit_threads(options["threads"])
    import torch

    from lesionlab.segmenter.network import load_segmenter
    from lesionlab.segmenter.prediction import predict_logits
    from lesionlab.training.device import pick_device, place_model

    device = pick_device(options["threads"])
    pixels = np.load(paths.pixels, mmap_mode="r")
    network, scale = load_segmenter(paths.weights)
    place_model(network, device)
    size = options["batch_size"]

    def predict(batch: np.ndarray) -> np.ndarray:
        shown = torch.tensor(batch.copy(), device=device)  # a mirror image is a view
        logits = predict_logits(network, shown, batch_size=size, scale=scale)
        return np.asarray(logits.sigmoid().numpy())

    write_maps(paths.probabilities, pixels, predict, options=options)
    write_csv(paths.ids, read_csv(paths.index)[["image_id"]])


if __name__ == "__main__":
    run_stage(main)
