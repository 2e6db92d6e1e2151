"""Measure how like each other the photographs are, as new ones will be measured."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from lesionlab.application.likeness import (
    describe_colours,
    measure_photograph,
    rank_neighbours,
    unit,
)
from lesionlab.data.packing import photograph_size, resize_photograph
from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.export.runtime import onnxruntime
from lesionlab.files import atomic_path, read_csv, write_array, write_csv
from lesionlab.stage import Options, Paths, run_stage

THUMBNAIL = 96  # pixels


def main(paths: Paths, *, options: Options) -> None:
    split = read_csv(paths.split).query("task == 'classification'")
    split = split[split["fold"] == options["fold"]].sort_values("image_id")
    features, colours = _describe(paths, split["image_id"], options)
    training = (split["set"] == "train").to_numpy()
    cases = split.loc[training, ["image_id", "label"]]
    judged = split.loc[~training, ["image_id", "group", "label", "set"]]
    with threadpool_limits(1):  # sums depend on it
        _, distances = rank_neighbours(colours[~training], colours[training])
    scores = _measure(paths, judged["image_id"]).assign(distance=distances[:, -1])
    scores = scores.set_axis(judged.index)
    write_csv(paths.scores, pd.concat([judged, scores.round(6)], axis=1))
    write_csv(paths.cases, cases)
    pictures = (
        resize_photograph(one, height=THUMBNAIL, width=THUMBNAIL)
        for batch in _batches(paths, cases["image_id"], options["batch_size"])
        for one in batch
    )
    write_array(paths.thumbnails, pictures, shape=(len(cases), THUMBNAIL, THUMBNAIL, 3))
    for path, rows in ((paths.features, features), (paths.colours, colours)):
        with atomic_path(path) as draft, draft.open("wb") as stream:
            np.save(stream, rows[training].astype(np.float16))
    logging.info("%d photographs, %d of training", len(judged), len(cases))


def _measure(paths: Paths, names: Sequence[str]) -> pd.DataFrame:
    """Scores of photographs at their own size, with the masks that the run predicts."""
    images = read_csv(paths.images).set_index("image_id")
    masks = read_csv(paths.masks).set_index("image_id")["file"]
    rows = []
    for name in tqdm(names, "measured", disable=None):
        row = images.loc[name]
        file: Path = paths.root / row["image"]
        photograph = read_photograph(file, size=photograph_size(row))
        mask = read_mask(paths.masks.parent / masks[name])
        share = {"lesion_share": float(mask.mean())}
        rows.append({**measure_photograph(photograph), **share})
    return pd.DataFrame(rows)


def _describe(
    paths: Paths, names: Sequence[str], options: Options
) -> tuple[np.ndarray, np.ndarray]:
    """Features and colours, each of length 1, float32 (N, F) and (N, 512)."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options["threads"]  # sums depend on it
    session = onnxruntime.InferenceSession(
        paths.classifier, settings, providers=["CPUExecutionProvider"]
    )
    features, colours = [], []
    for batch in _batches(paths, names, options["batch_size"]):
        features.append(session.run(["features"], {"photographs": batch})[0])
        colours.append(describe_colours(batch))
    return unit(np.concatenate(features)), np.concatenate(colours)


def _batches(paths: Paths, names: Sequence[str], size: int) -> Iterator[np.ndarray]:
    """Packed pictures of the classifier, a batch at a time."""
    rows = pd.Index(read_csv(paths.index)["image_id"]).get_indexer(names)
    packed = np.load(paths.pixels, mmap_mode="r")
    for start in range(0, len(rows), size):
        yield np.asarray(packed[rows[start : start + size]])


if __name__ == "__main__":
    run_stage(main)
