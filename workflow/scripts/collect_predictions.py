"""Gather the predictions of all arms, folds and seeds in one tidy table."""

import pandas as pd

from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    parts = []
    for path, (arm, fold, seed) in zip(paths.predictions, options["keys"], strict=True):
        part = read_csv(path)
        for position, (name, value) in enumerate(
            (("arm", arm), ("fold", fold), ("seed", seed))
        ):
            part.insert(position, name, value)
        parts.append(part)
    write_csv(paths.table, pd.concat(parts, ignore_index=True))


if __name__ == "__main__":
    run_stage(main)
