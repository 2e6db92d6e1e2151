"""Give every photograph its final group: the unit of splitting and of bootstrapping."""

import logging

from lesionlab.files import read_csv, write_csv
from lesionlab.lesions.grouping import merge_groups
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    images = read_csv(paths.index)
    before = images["group"].nunique()
    if options["merge"] == "verified":
        images["group"] = merge_groups(images, read_csv(paths.matches))
    write_csv(paths.images, images)
    logging.info("%d groups, %d before", images["group"].nunique(), before)


if __name__ == "__main__":
    run_stage(main)
