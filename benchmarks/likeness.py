"""What the warnings find, and how often they are wrong, on the real photographs.

    .venv/bin/python benchmarks/likeness.py /data/ham10000 [a folder of other pictures]

Limits are set on validation as `application.false_alarms` says, 1 %. What is no
dermoscopic photograph comes out of packages that are installed here, and out of the
folder; `crops` are five of each photograph among them. "no lesion found" is not
measured: it takes a U-Net.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import cv2
import numpy as np
import pandas as pd

from lesionlab.application.likeness import (
    SCORES,
    describe_colours,
    list_warnings,
    measure_photograph,
    rank_neighbours,
    set_limits,
)
from lesionlab.application.photographs import decode_photograph
from lesionlab.data.packing import resize_photograph

COUNTS = {"train": 2400, "valid": 500, "test": 500}
SIDE, SHARE = 96, 0.01
PHOTOGRAPHS = (
    "gradio/media_assets/images/cheetah1.jpg",
    "gradio/media_assets/images/cheetah.jpg",
    "gradio/media_assets/images/groot.jpeg",
    "gradio/media_assets/images/lion.jpg",
    "gradio/media_assets/images/tower.jpg",
    "gradio/test_data/cheetah2.jpg",
    "sklearn/datasets/images/flower.jpg",
    "sklearn/datasets/images/china.jpg",
    "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
)
DRAWINGS = (
    "networkx/drawing/tests/baseline/*.png",
    "sympy/plotting/tests/*.png",
    "matplotlib/mpl-data/sample_data/*.png",
    "scipy/ndimage/tests/dots.png",
)


def draw_sets(root):
    """Image ids of three sets that share no lesion."""
    table = pd.read_csv(root / "HAM10000_metadata.csv")
    draw = np.random.default_rng(1)
    lesions = draw.permutation(table["lesion_id"].unique())
    one = table.drop_duplicates("lesion_id").set_index("lesion_id")["image_id"]
    ends = np.cumsum([0, *COUNTS.values()])
    return {
        name: one[lesions[first:last]].tolist()
        for name, first, last in zip(COUNTS, ends[:-1], ends[1:], strict=True)
    }


def read(path):
    return decode_photograph(path.read_bytes())


def crop(photograph, count=5):
    draw = np.random.default_rng(2)
    height, width = photograph.shape[:2]
    for _ in range(count):
        share = draw.uniform(0.3, 0.7)
        h, w = int(share * height), int(share * width)
        top, left = draw.integers(height - h + 1), draw.integers(width - w + 1)
        yield np.ascontiguousarray(photograph[top : top + h, left : left + w])


def measure(photographs):
    """Scores, and the colours that the distance comes from."""
    rows, colours = [], []
    for photograph in photographs:
        rows.append({**measure_photograph(photograph), "lesion_share": 0.2})
        small = resize_photograph(photograph, height=SIDE, width=SIDE)
        colours.append(describe_colours(small[None])[0])
    return pd.DataFrame(rows), np.stack(colours)


def change(photograph, kind, amount):
    if kind == "blurred, sigma":
        return cv2.GaussianBlur(photograph, (0, 0), amount)
    return np.clip(photograph * np.float32(amount), 0, 255).astype(np.uint8)


def main(root, others):
    sets = draw_sets(root)
    files = {n: [root / "images" / f"{i}.jpg" for i in sets[n]] for n in sets}
    packages = Path(np.__file__).parents[1]
    natural = [packages / name for name in PHOTOGRAPHS]
    drawn = sorted(path for one in DRAWINGS for path in packages.glob(one))
    groups = {
        "test": lambda: map(read, files["test"]),
        "photographs of other things": lambda: map(read, natural),
        "crops": lambda: (part for path in natural for part in crop(read(path))),
        "drawings and charts": lambda: map(read, drawn),
    }
    if others:
        extra = sorted(others.iterdir())
        groups["the folder"] = lambda: map(read, extra)
    for kind, amounts in {
        "blurred, sigma": (1.5, 2, 3, 4),
        "brighter, times": (1.3, 1.6, 2),
        "darker, times": (0.6, 0.3),
    }.items():
        for amount in amounts:
            groups[f"{kind} {amount}"] = lambda k=kind, a=amount: (
                change(read(path), k, a) for path in files["test"]
            )
    _, training = measure(map(read, files["train"]))
    scores, colours = measure(map(read, files["valid"]))
    scores["distance"] = rank_neighbours(colours, training)[1][:, -1]
    limits = set_limits(scores, SHARE)
    print(limits)
    names = [words for _, words in SCORES.values() if words != "no lesion found"]
    print(f"{'':30} {'n':>5}", *(f"{name[:12]:>12}" for name in (*names, "any")))
    for group, photographs in groups.items():
        scores, colours = measure(photographs())
        scores["distance"] = rank_neighbours(colours, training)[1][:, -1]
        found = [list_warnings(row, limits) for row in scores.to_dict("records")]
        shares = [np.mean([name in one for one in found]) for name in names]
        shares.append(np.mean([bool(set(one) & set(names)) for one in found]))
        print(f"{group:30} {len(found):5}", *(f"{share:12.3f}" for share in shares))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
