"""Decode every photograph and mask of the split once, at the size of the U-Net."""

import logging

import pandas as pd

from lesionlab.data.packing import list_sizes, load_mask, load_pixels, pack
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    table = read_csv(paths.images)
    used = set(read_csv(paths.split)["image_id"])
    table = table[table["image_id"].isin(used)].sort_values("image_id")
    size = {key: options[key] for key in ("height", "width")}
    for column, target, load in (
        ("image", paths.pixels, load_pixels),
        ("mask", paths.masks, load_mask),
    ):
        files = [paths.root / name for name in table[column]]
        pack(
            files,
            target,
            sizes=list_sizes(table),
            load=load,
            workers=options["workers"],
            **size,
        )
    write_csv(paths.index, pd.DataFrame({"image_id": table["image_id"]}))
    logging.info("packed %d photographs at %s", len(table), size)


if __name__ == "__main__":
    run_stage(main)
