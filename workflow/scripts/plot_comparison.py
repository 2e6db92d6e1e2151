"""Draw the verdict, the arms with the ladder, and the differences by metric."""

from lesionlab.figures.arms import draw_differences, draw_scores
from lesionlab.figures.style import save_figure
from lesionlab.figures.verdict import draw_verdict
from lesionlab.files import read_csv, read_json
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    comparison, trainings = read_json(paths.comparison), read_csv(paths.trainings)
    save_figure(draw_verdict(comparison, trainings), paths.verdict)
    save_figure(draw_scores(comparison, trainings), paths.scores)
    save_figure(draw_differences(comparison), paths.differences)


if __name__ == "__main__":
    run_stage(main)
