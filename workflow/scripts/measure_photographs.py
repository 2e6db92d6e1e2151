"""Measure how like each other the photographs are, as new ones will be measured."""

import logging
from collections.abc import Sequence

import numpy as np
import onnxruntime
import pandas as pd
from tqdm import tqdm

from lesionlab.application.likeness import measure_photograph, rank_neighbours, unit
from lesionlab.data.packing import photograph_size, resize_photograph
from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.files import atomic_path, read_csv, write_array, write_csv
from lesionlab.stage import Options, Paths, run_stage

THUMBNAIL = 96  # pixels


def main(paths: Paths, *, options: Options) -> None:
    split = read_csv(paths.split).query("task == 'classification'")
    split = split[split["fold"] == options["fold"]].sort_values("image_id")
    features = _describe(paths, split["image_id"], options["batch_size"])
    training = (split["set"] == "train").to_numpy()
    cases = split.loc[training, ["image_id", "label"]]
    judged = split.loc[~training, ["image_id", "group", "label", "set"]]
    _, distances = rank_neighbours(features[~training], features[training])
    images = read_csv(paths.images).set_index("image_id")
    masks = read_csv(paths.masks).set_index("image_id")["file"]
    rows = []
    for name in tqdm(judged["image_id"], "measured", disable=None):
        row = images.loc[name]
        file, size = paths.root / row["image"], photograph_size(row)
        mask = read_mask(paths.masks.parent / masks[name])
        rows.append(
            {
                **measure_photograph(read_photograph(file, size=size)),
                "lesion_share": float(mask.mean()),
            }
        )
    scores = pd.DataFrame(rows, judged.index).assign(distance=distances[:, -1])
    write_csv(paths.scores, pd.concat([judged, scores.round(6)], axis=1))
    write_csv(paths.cases, cases)
    pictures = [
        resize_photograph(one, height=THUMBNAIL, width=THUMBNAIL)
        for one in _pick_pixels(paths, cases["image_id"])
    ]
    write_array(paths.thumbnails, pictures, shape=(len(cases), THUMBNAIL, THUMBNAIL, 3))
    with atomic_path(paths.features) as draft, draft.open("wb") as stream:
        np.save(stream, features[training].astype(np.float16))
    logging.info("%d photographs, %d of training", len(judged), len(cases))


def _describe(paths: Paths, names: Sequence[str], batch_size: int) -> np.ndarray:
    """Features of length 1, float32 (N, F)."""
    pixels = _pick_pixels(paths, names)
    session = onnxruntime.InferenceSession(paths.classifier)
    parts = [
        session.run(["features"], {"photographs": pixels[i : i + batch_size]})[0]
        for i in range(0, len(pixels), batch_size)
    ]
    return unit(np.concatenate(parts))


def _pick_pixels(paths: Paths, names: Sequence[str]) -> np.ndarray:
    rows = pd.Index(read_csv(paths.index)["image_id"]).get_indexer(names)
    return np.asarray(np.load(paths.pixels, mmap_mode="r")[rows])


if __name__ == "__main__":
    run_stage(main)
