"""Draw a sheet of photographs of every diagnosis, with the outlines of their masks."""

from pathlib import Path

import numpy as np
import pandas as pd

from lesionlab.cohort.photographs import draw_samples
from lesionlab.data.packing import load_mask, load_small, photograph_size
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.randomness import SAMPLE_SHEET, derive_seed
from lesionlab.stage import Options, Paths, run_stage

WIDTH = 220  # pixels of a photograph in the figure


def load_sample(row: pd.Series, root: Path) -> tuple[np.ndarray, np.ndarray]:
    photograph = load_small(root / row["image"], size=photograph_size(row), width=WIDTH)
    height = photograph.shape[0]
    return photograph, load_mask(root / row["mask"], height=height, width=WIDTH) > 0


def main(paths: Paths, *, options: Options) -> None:
    table = read_csv(paths.images).drop_duplicates("group")
    samples = {}
    for label, diagnoses in options["classes"].items():
        for dx in diagnoses:
            rows = table[(table["dx"] == dx) & (table["label"] == label)]
            count = min(options["samples"], len(rows))
            seed = derive_seed(SAMPLE_SHEET, options["seed"], dx)
            chosen = rows.sample(count, random_state=seed)
            name = f"{label.replace('_', ' ')}\n{dx}"
            samples[name] = [
                load_sample(row, paths.root) for _, row in chosen.iterrows()
            ]
    save_figure(draw_samples(samples), paths.figure)


if __name__ == "__main__":
    run_stage(main)
