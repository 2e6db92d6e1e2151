"""Score the predicted masks of the test set, and in-sample against out-of-sample."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from lesionlab.decoding.masks import read_mask
from lesionlab.files import read_csv, read_json, write_csv, write_json
from lesionlab.segmentation.overlap import (
    binarise,
    pooled_overlap,
    score_mask,
    upsample,
)
from lesionlab.segmentation.summary import (
    compare_in_sample,
    flag_in_sample,
    summarise_scores,
)
from lesionlab.stage import Options, Paths, provenance, run_stage

COLUMNS = ["image_id", "group", "label", "jaccard", "dice", "pixel_accuracy"]
COLUMNS += ["sensitivity", "specificity"]


def main(paths: Paths, *, options: Options) -> None:
    threshold = read_json(paths.threshold)["threshold"]
    maps = np.load(paths.probabilities, mmap_mode="r")
    truths = np.load(paths.masks, mmap_mode="r")
    ids = read_csv(paths.ids)["image_id"]
    split = read_csv(paths.split)
    split = split[split["fold"] == options["fold"]]
    table = read_csv(paths.images).set_index("image_id")

    def score(position: int) -> dict[str, object]:
        photo = table.loc[ids[position]]
        height, width = int(photo["height"]), int(photo["width"])
        large = upsample(maps[position], height=height, width=width)
        predicted = binarise(large, threshold)
        figures = score_mask(predicted, read_mask(paths.root / photo["mask"]))
        return {"image_id": ids[position], **figures, "empty": not predicted.any()}

    wanted = split.query(
        "(task == 'segmentation' and set == 'test')"
        " or (task == 'classification' and set in ('train', 'test'))"
    )
    rows = np.flatnonzero(ids.isin(wanted["image_id"]))
    with ThreadPoolExecutor(options["workers"]) as pool:
        scores = pd.DataFrame(pool.map(score, rows))
    scores = scores.merge(table[["group", "label"]].reset_index(), on="image_id")

    test = split.query("task == 'segmentation' and set == 'test'")["image_id"]
    test_scores = scores[scores["image_id"].isin(test)].sort_values("image_id")
    rows = np.flatnonzero(ids.isin(test))
    pixel_accuracy, pooled_iou = pooled_overlap(
        binarise(maps[rows], threshold), truths[rows] > 0
    )
    summary = summarise_scores(test_scores)
    # as the reference printed them
    summary["network_size"] = {
        "pixel_accuracy": pixel_accuracy,
        "pooled_iou": pooled_iou,
    }
    write_csv(paths.table, test_scores[COLUMNS].round(6))
    write_csv(paths.shown, flag_in_sample(scores, split).round(6))
    write_json(
        paths.scores,
        {
            "threshold": threshold,
            **summary,
            "in_sample": compare_in_sample(scores, split),
            **provenance(options["code"], ("numpy", "pandas", "opencv-python")),
        },
    )


if __name__ == "__main__":
    run_stage(main)
