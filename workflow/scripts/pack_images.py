"""Decode what one arm shows the classifier once, at the classifier's size."""

import logging

import pandas as pd

from lesionlab.classification.scope import list_photographs
from lesionlab.data.packing import list_sizes, load_pixels, pack
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
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
        height=options["size"],
        width=options["size"],
        workers=options["workers"],
    )
    write_csv(paths.index, pd.DataFrame({"image_id": names}))
    logging.info("packed %d pictures of arm %s", len(names), options["arm"])


if __name__ == "__main__":
    run_stage(main)
