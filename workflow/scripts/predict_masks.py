"""Predict the probability of lesion for every photograph of the split."""

import numpy as np
from tqdm import tqdm

from lesionlab.files import read_csv, write_array, write_csv
from lesionlab.segmentation.backend import start_backend
from lesionlab.segmentation.batches import average_mirrored
from lesionlab.segmentation.overlap import quantise
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

    def view(start: int) -> np.ndarray:
        batch = pixels[start : start + size]
        if options["test_time_flips"]:
            return quantise(average_mirrored(predict, batch))
        return quantise(predict(batch))

    starts = tqdm(range(0, len(pixels), size), "masks", disable=None)
    write_array(paths.probabilities, map(view, starts), shape=pixels.shape[:3])
    write_csv(paths.ids, read_csv(paths.index)[["image_id"]])


if __name__ == "__main__":
    run_stage(main)
