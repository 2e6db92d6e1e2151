"""Find photographs of one lesion that bear two lesion_ids."""

import logging

import pandas as pd

from lesionlab.files import read_csv, write_csv
from lesionlab.lesions.grouping import decide_matches
from lesionlab.lesions.matching import match_photographs
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    images = read_csv(paths.images)
    evidence = match_photographs(images, paths.root, workers=options["workers"])
    if hasattr(paths, "published"):  # not of a phantom: its ids are its own
        published = read_csv(paths.published, comment="#")
    else:
        published = pd.DataFrame(columns=["image_a", "image_b"], dtype="str")
    matches = decide_matches(evidence, published, images)
    write_csv(paths.matches, matches)
    logging.info("%s", matches["decision"].value_counts().to_dict())


if __name__ == "__main__":
    run_stage(main)
