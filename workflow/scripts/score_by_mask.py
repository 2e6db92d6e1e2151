"""Score the arms by how good the predicted mask of a photograph is."""

import pandas as pd

from lesionlab.comparison.masks import tabulate_by_mask
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    masks = [
        read_csv(path).query("set == 'test'").assign(fold=fold)
        for path, fold in zip(paths.masks, options["folds"], strict=True)
    ]
    table = tabulate_by_mask(
        read_csv(paths.predictions),
        pd.concat(masks)[["fold", "image_id", "jaccard"]],
        arms=options["arms"],
        classes=options["classes"],
        positive=options["positive_class"],
    )
    write_csv(paths.table, table.round(6))


if __name__ == "__main__":
    run_stage(main)
