"""Draw the trainings, confusion matrices and ROC curves of all arms."""

import pandas as pd

from lesionlab.figures.style import save_figure
from lesionlab.figures.trainings import draw_outcomes, draw_trainings
from lesionlab.files import read_csv, read_json
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    histories: dict[str, list[pd.DataFrame]] = {}
    for path, arm in zip(paths.histories, options["arms"], strict=True):
        histories.setdefault(arm, []).append(read_csv(path))
    save_figure(draw_trainings(histories), paths.trainings)
    comparison = read_json(paths.comparison)
    save_figure(draw_outcomes(comparison, read_csv(paths.roc)), paths.outcomes)


if __name__ == "__main__":
    run_stage(main)
