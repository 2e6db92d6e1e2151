"""Find photographs of one lesion that bear two lesion_ids."""

import logging

from lesionlab.files import read_csv, write_csv
from lesionlab.lesions.grouping import decide_matches
from lesionlab.lesions.matching import match_photographs
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    images = read_csv(paths.images)
    evidence = match_photographs(images, paths.root, workers=options["workers"])
    matches = decide_matches(evidence, read_csv(paths.published, comment="#"), images)
    write_csv(paths.matches, matches)
    logging.info("%s", matches["decision"].value_counts().to_dict())


if __name__ == "__main__":
    run_stage(main)
