"""Choose the threshold of the highest mean Jaccard on the validation set."""

import logging

import numpy as np
import pandas as pd

from lesionlab.decoding.masks import read_mask
from lesionlab.files import read_csv, write_csv, write_json
from lesionlab.segmentation.overlap import (
    THRESHOLDS,
    best_threshold,
    jaccard_curve,
    upsample,
)
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    split = read_csv(paths.split).query("task == 'segmentation' and set == 'valid'")
    names = split.loc[split["fold"] == options["fold"], "image_id"]
    table = read_csv(paths.images).set_index("image_id").loc[names]
    maps = np.load(paths.probabilities, mmap_mode="r")
    rows = pd.Index(read_csv(paths.ids)["image_id"]).get_indexer(names)
    pairs = (
        (upsample(maps[at], height=photo.height, width=photo.width), truth)
        for at, photo in zip(rows, table.itertuples(), strict=True)
        for truth in [read_mask(paths.root / photo.mask)]
    )
    curve = jaccard_curve(pairs)
    threshold, jaccard = best_threshold(curve)
    logging.info("threshold %.2f: mean Jaccard %.4f", threshold, jaccard)
    write_csv(
        paths.curve, pd.DataFrame({"threshold": THRESHOLDS, "jaccard": curve.round(6)})
    )
    write_json(
        paths.threshold,
        {
            "n": len(names),
            "threshold": threshold,
            "jaccard": round(jaccard, 6),
            **provenance(options["code"], ("numpy", "opencv-python")),
        },
    )


if __name__ == "__main__":
    run_stage(main)
