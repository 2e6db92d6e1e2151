"""Decode every photograph and mask once into the image table."""

import logging

from lesionlab.data.presence import check_classes
from lesionlab.data.table import index_root
from lesionlab.files import write_csv, write_json
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    images, quarantine, found = index_root(
        paths.root, classes=options["classes"], workers=options["workers"]
    )
    for lack in found["lacking"]:
        logging.warning("%s", lack)
    for reason, names in found["refused_first"].items():
        logging.warning("refused, %s: %s", reason, ", ".join(names))
    check_classes(images["label"], options["classes"], found["refused"])
    write_csv(paths.index, images)
    write_csv(paths.quarantine, quarantine)
    write_json(paths.found, found)
    logging.info("%d photographs, %d in quarantine", len(images), len(quarantine))


if __name__ == "__main__":
    run_stage(main)
