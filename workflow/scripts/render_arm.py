"""Write what an arm shows of every photograph of the split, at its own size."""

import logging

import numpy as np

from lesionlab.classification.arms import ARMS
from lesionlab.data.packing import read_mask, read_photograph
from lesionlab.data.pictures import write_pictures
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    show = ARMS[options["arm"]]
    split = read_csv(paths.split)
    names = sorted(set(split.loc[split["fold"] == options["fold"], "image_id"]))
    photographs = read_csv(paths.images).set_index("image_id")["image"][names]
    masks = read_csv(paths.masks).set_index("image_id")["file"][names]

    def draw_picture(position: int) -> np.ndarray:
        photograph = read_photograph(paths.root / photographs.iloc[position])
        mask = read_mask(paths.masks.parent / masks.iloc[position])
        return show(photograph, mask)

    manifest = write_pictures(
        names,
        draw_picture,
        folder=paths.manifest.parent,
        workers=options["workers"],
    )
    write_csv(paths.manifest, manifest)
    logging.info("%d pictures of arm %s", len(names), options["arm"])


if __name__ == "__main__":
    run_stage(main)
