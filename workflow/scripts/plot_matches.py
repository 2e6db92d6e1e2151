"""Draw pairs of photographs that show one lesion, or nearly seem to."""

import pandas as pd

from lesionlab.cohort.photographs import draw_pairs
from lesionlab.data.packing import list_sizes, load_small
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
    table = read_csv(paths.images).set_index("image_id")
    sizes = dict(zip(table.index, list_sizes(table), strict=True))
    pairs = []
    for pair in choose_pairs(read_csv(paths.matches)).itertuples():
        alike = "-" if pd.isna(pair.correlation) else f"{pair.correlation:.2f}"
        decision = f"{pair.decision}{', published' if pair.published else ''}"
        title = (
            f"{pair.image_a}, {pair.image_b}\n{pair.label_a}, {pair.label_b}: "
            f"{pair.inliers} inliers, r {alike}, {decision}"
        )
        first, second = (
            load_small(
                paths.root / table.loc[name, "image"], size=sizes[name], width=WIDTH
            )
            for name in (pair.image_a, pair.image_b)
        )
        pairs.append((title, first, second))
    save_figure(draw_pairs(pairs), paths.figure)


if __name__ == "__main__":
    run_stage(main)
