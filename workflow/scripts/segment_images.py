"""Write the predicted mask of every photograph of the split, at its own size."""

import logging

import numpy as np

from lesionlab.data.pictures import write_pictures
from lesionlab.files import read_csv, read_json, write_csv
from lesionlab.segmentation.overlap import binarise, upsample
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    threshold = read_json(paths.threshold)["threshold"]
    maps = np.load(paths.probabilities, mmap_mode="r")
    names = read_csv(paths.ids)["image_id"].tolist()
    table = read_csv(paths.images).set_index("image_id").loc[names]
    sizes = list(zip(table["height"], table["width"], strict=True))
    empty: list[str] = []

    def draw_mask(position: int) -> np.ndarray:
        height, width = sizes[position]
        large = upsample(maps[position], height=int(height), width=int(width))
        mask = binarise(large, threshold)
        if not mask.any():
            empty.append(names[position])
        return mask.astype(np.uint8) * np.uint8(255)

    manifest = write_pictures(
        names, draw_mask, folder=paths.manifest.parent, workers=options["workers"]
    )
    logging.info("%d masks, %d empty %s", len(names), len(empty), sorted(empty))
    write_csv(paths.manifest, manifest)


if __name__ == "__main__":
    run_stage(main)
