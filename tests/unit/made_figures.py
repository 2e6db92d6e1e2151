"""Figures of a run that was made up; see made_run.py."""

import plot_cases
import plot_characteristics
import plot_classification
import plot_comparison
import plot_flow
import plot_samples
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Paths


def draw_figures(root, folds, keys, classes, *, files):
    """Draw every figure; the first photographs of the table exist as files."""
    images, comparison = root / "images.csv", root / "comparison.json"
    drawn = root / "drawn.csv"
    write_csv(drawn, read_csv(images)[:files])
    plot_samples.main(
        Paths(images=drawn, root=root, figure=root / "samples.png"),
        options={"samples": 4, "classes": classes, "seed": 1},
    )
    plot_characteristics.main(
        Paths(images=images, figure=root / "characteristics.svg"),
        options={"classes": list(classes)},
    )
    audits = {"audit": root / "audit.json", "split_audit": root / "split_audit.json"}
    plot_flow.main(
        Paths(**audits, figure=root / "flow.svg"), options={"fold": folds[0]}
    )
    plot_cases.main(
        Paths(
            scores=root / folds[0] / "scores.csv",
            images=images,
            masks=root / "masks.csv",
            root=root,
            figure=root / "cases.png",
        ),
        options={"cases": 5},
    )
    plot_classification.main(
        Paths(
            histories=[root / f / a / s / "history.csv" for a, f, s in keys],
            comparison=comparison,
            roc=root / "roc.csv",
            trainings=root / "trainings.svg",
            outcomes=root / "outcomes.svg",
        ),
        options={"arms": [arm for arm, _, _ in keys]},
    )
    names = ("verdict", "scores", "differences")
    figures = {name: root / f"{name}.svg" for name in names}
    plot_comparison.main(
        Paths(comparison=comparison, trainings=root / "trainings.csv", **figures),
        options={},
    )
