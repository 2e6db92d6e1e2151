"""Draw pairs of photographs that show one lesion, or nearly seem to."""

from pathlib import Path

import numpy as np
import pandas as pd

from lesionlab.cohort.photographs import draw_pairs
from lesionlab.data.packing import load_small, photograph_size
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.stage import Options, Paths, run_stage

SHOWN = {"conflict": 6, "merged": 6, "listed": 12}  # pairs at most
MOST = 300  # near misses on a sheet of their own
WIDTH = 120  # pixels of a photograph in the figure


def choose_pairs(matches: pd.DataFrame) -> pd.DataFrame:
    """Take of each decision the pairs that are nearest to the limit."""
    parts = []
    for decision, number in SHOWN.items():
        part = matches[matches["decision"] == decision]
        part = part.sort_values(
            "inliers", kind="stable", ascending=decision != "listed"
        )
        parts.append(part.head(number))
    return pd.concat(parts)


def load_pairs(
    chosen: pd.DataFrame, images: pd.DataFrame, root: Path
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    pairs = []
    for pair in chosen.itertuples():
        alike = "-" if pd.isna(pair.correlation) else f"{pair.correlation:.2f}"
        decision = f"{pair.decision}{', published' if pair.published else ''}"
        title = (
            f"{pair.image_a}, {pair.image_b}\n{pair.label_a}, {pair.label_b}: "
            f"{pair.inliers} inliers, r {alike}, {decision}"
        )
        first, second = (
            load_small(root / row["image"], size=photograph_size(row), width=WIDTH)
            for _, row in images.loc[[pair.image_a, pair.image_b]].iterrows()
        )
        pairs.append((title, first, second))
    return pairs


def main(paths: Paths, *, options: Options) -> None:
    images = read_csv(paths.images).set_index("image_id")
    matches = read_csv(paths.matches)
    listed = matches[matches["decision"] == "listed"]
    strongest = listed.sort_values("inliers", kind="stable", ascending=False)[:MOST]
    for chosen, figure in (
        (choose_pairs(matches), paths.figure),
        (strongest, paths.near_misses),
    ):
        save_figure(draw_pairs(load_pairs(chosen, images, paths.root)), figure)


if __name__ == "__main__":
    run_stage(main)
