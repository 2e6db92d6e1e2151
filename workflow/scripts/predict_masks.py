"""Predict the probability of lesion for every photograph of the split."""

import numpy as np
from tqdm import tqdm

from lesionlab.files import atomic_path, read_csv, write_csv
from lesionlab.segmentation.backend import start_backend
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    start_backend(options["backend"], threads=options["threads"])
    from lesionlab.segmentation.prediction import predict_probability, quantise
    from lesionlab.segmentation.unet import build_unet

    pixels = np.load(paths.pixels, mmap_mode="r")
    height, width = pixels.shape[1:3]
    network = build_unet(height=height, width=width, dropout=0.0, seed=0)
    network.load_weights(paths.weights)
    size = options["batch_size"]
    with atomic_path(paths.probabilities) as draft:
        target = np.lib.format.open_memmap(
            draft, "w+", dtype=np.uint8, shape=pixels.shape[:3]
        )
        for start in tqdm(range(0, len(pixels), size), "masks", disable=None):
            rows = slice(start, start + size)
            p = predict_probability(network, pixels[rows], batch_size=size)
            target[rows] = quantise(p)
        target.flush()
        del target
    write_csv(paths.ids, read_csv(paths.index)[["image_id"]])


if __name__ == "__main__":
    run_stage(main)
