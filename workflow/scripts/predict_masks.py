"""Predict the probability of lesion for every photograph of the split."""

import numpy as np

from lesionlab.files import read_csv, write_csv
from lesionlab.segmentation.backend import start_backend
from lesionlab.segmentation.maps import write_maps
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    start_backend(options["backend"], threads=options["threads"])
    from lesionlab.segmentation.prediction import load_weights, predict_probability
    from lesionlab.segmentation.unet import build_unet

    pixels = np.load(paths.pixels, mmap_mode="r")
    height, width = pixels.shape[1:3]
    network = build_unet(height=height, width=width, dropout=0.0, seed=0)
    load_weights(network, paths.weights)
    size = options["batch_size"]

    def predict(batch: np.ndarray) -> np.ndarray:
        return predict_probability(network, batch, batch_size=size)

    write_maps(paths.probabilities, pixels, predict, options=options)
    write_csv(paths.ids, read_csv(paths.index)[["image_id"]])


if __name__ == "__main__":
    run_stage(main)
