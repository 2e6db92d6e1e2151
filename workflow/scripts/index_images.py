"""Decode every photograph and mask once into the image table."""

import logging

from lesionlab.data.table import build_table
from lesionlab.files import write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    images, quarantine = build_table(
        paths.root, classes=options["classes"], workers=options["workers"]
    )
    write_csv(paths.index, images)
    write_csv(paths.quarantine, quarantine)
    logging.info("%d photographs, %d in quarantine", len(images), len(quarantine))


if __name__ == "__main__":
    run_stage(main)
