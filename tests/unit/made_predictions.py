"""Predictions of an arm made up without a training, in one fold or several."""

import numpy as np
import pandas as pd

CLASSES = ["MEL", "NV", "Other_SC"]
PROBABILITIES = [f"prob_{name}" for name in CLASSES]


def make_table(folds=1, lesions=240, seed=0, shift=0.0):
    """Two photographs a lesion; a fold tests its share, and validates on others."""
    draw = np.random.default_rng(seed)
    truth = draw.choice(3, lesions, p=[0.3, 0.5, 0.2])
    parts = []
    for fold in range(folds):
        number = np.arange(lesions) % max(folds, 2)
        tested = number == fold
        validates = ~tested & (draw.random(lesions) < (0.34 if folds > 1 else 1))
        for name, chosen in (("test", tested), ("valid", validates)):
            rows = np.flatnonzero(chosen).repeat(2)
            logits = draw.normal(0, 1, (len(rows), 3)) + 3 * np.eye(3)[truth[rows]]
            logits[:, 0] += shift * fold
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            table = pd.DataFrame(p.round(6), columns=PROBABILITIES)
            table["group"] = [f"L{row}" for row in rows]
            table["image_id"] = [f"L{row}_{n % 2}" for n, row in enumerate(rows)]
            table["label"] = np.array(CLASSES)[truth[rows]]
            parts.append(table.assign(set=name, fold=f"fold{fold}"))
    return pd.concat(parts, ignore_index=True)
