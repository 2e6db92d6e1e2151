"""Decode what one arm shows the classifier once, at the classifier's size."""

import logging

import pandas as pd

from lesionlab.classification.scope import list_photographs
from lesionlab.data.packing import list_sizes, load_pixels, pack
from lesionlab.files import read_csv, read_json, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    size = options["size"] or read_json(paths.network)["size"]
    names = list_photographs(read_csv(paths.split), options["scope"])
    if options["arm"] == "original":
        table, folder, column = read_csv(paths.images), paths.root, "image"
    else:
        table, folder, column = read_csv(paths.manifest), paths.manifest.parent, "file"
    pictures = table.set_index("image_id").loc[names]
    raw = options["arm"] == "original"  # only these may bear an orientation
    pack(
        [folder / name for name in pictures[column]],
        paths.pixels,
        sizes=list_sizes(pictures) if raw else [None] * len(pictures),
        load=load_pixels,
        height=size,
        width=size,
        workers=options["workers"],
    )
    write_csv(paths.index, pd.DataFrame({"image_id": names}))
    logging.info(
        "packed %d pictures of arm %s at %d pixels", len(names), options["arm"], size
    )


if __name__ == "__main__":
    run_stage(main)
