"""Measure the limits of the lesion matching on HAM10000 (docs/lesions.md).

    HAM10000_DIR=/data/ham10000 .venv/bin/python benchmarks/lesion_limits.py [PAIRS.csv]

Positives: pairs of photographs of one lesion_id, which the matching is not told of.
Negatives: proposed pairs of two lesion_ids and two diagnoses. Published pairs have no
part in it.
"""

import os
import sys
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np
import pandas as pd

from lesionlab.data.table import index_root
from lesionlab.lesions.grouping import MIN_INLIERS
from lesionlab.lesions.matching import match_photographs

CLASSES = {dx: [dx] for dx in ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")}
LIMITS = (4, 5, 6, 7, 8, 10, 12, 15, 20)
QUANTILES = (0, 0.001, 0.01, 0.05, 0.25, 0.5)


def main() -> None:
    root = Path(os.environ["HAM10000_DIR"])
    images, _, _ = index_root(root, classes=CLASSES, workers=2)
    alone = images.assign(group=images["image_id"])
    evidence = match_photographs(alone, root, workers=2)
    facts = images.set_index("image_id")
    a, b = (facts.loc[evidence[f"image_{side}"]].reset_index() for side in "ab")
    repeat = (a["lesion_id"] == b["lesion_id"]).to_numpy()
    differ = ~repeat & (a["dx"] != b["dx"]).to_numpy()
    pairs = sum(
        len(list(combinations(names, 2)))
        for names in facts.groupby("lesion_id").groups.values()
    )
    table = pd.DataFrame(
        {
            "repeat pairs found": [
                (evidence[repeat]["inliers"] >= n).sum() for n in LIMITS
            ],
            "pairs of two diagnoses": [
                (evidence[differ]["inliers"] >= n).sum() for n in LIMITS
            ],
            "other pairs": [
                (evidence[~differ & ~repeat]["inliers"] >= n).sum() for n in LIMITS
            ],
        },
        index=pd.Index(LIMITS, name="inliers"),
    )
    known = evidence[repeat & (evidence["inliers"] >= MIN_INLIERS)]["correlation"]
    sys.stdout.write(f"{pairs} repeat pairs\n{table}\n\ncorrelation of repeat pairs\n")
    sys.stdout.write(f"{known.quantile(np.array(QUANTILES))}\n")
    sys.stdout.write(f"{evidence[differ].nlargest(12, 'inliers')}\n")
    if len(sys.argv) > 1:
        evidence.assign(repeat=repeat, differ=differ).to_csv(sys.argv[1], index=False)


if __name__ == "__main__":
    main()
