"""Draw pairs of photographs that show one lesion, or nearly seem to."""

import cv2
import numpy as np
import pandas as pd

from lesionlab.data.packing import read_photograph
from lesionlab.figures.photographs import draw_pairs
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.stage import Options, Paths, run_stage

SHOWN = {"conflict": 6, "merged": 6, "listed": 12}  # pairs at most
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


def main(paths: Paths, *, options: Options) -> None:
    files = read_csv(paths.images).set_index("image_id")["image"]

    def read_small(name: str) -> np.ndarray:
        photograph = read_photograph(paths.root / files[name])
        height = max(1, round(WIDTH * photograph.shape[0] / photograph.shape[1]))
        return cv2.resize(photograph, (WIDTH, height), interpolation=cv2.INTER_AREA)

    pairs = []
    for pair in choose_pairs(read_csv(paths.matches)).itertuples():
        alike = "-" if pd.isna(pair.correlation) else f"{pair.correlation:.2f}"
        decision = f"{pair.decision}{', published' if pair.published else ''}"
        title = (
            f"{pair.image_a}, {pair.image_b}\n{pair.label_a}, {pair.label_b}: "
            f"{pair.inliers} inliers, r {alike}, {decision}"
        )
        pairs.append((title, read_small(pair.image_a), read_small(pair.image_b)))
    save_figure(draw_pairs(pairs), paths.figure)


if __name__ == "__main__":
    run_stage(main)
