"""Draw the differences between arms with their intervals."""

from lesionlab.files import read_json
from lesionlab.report.curve_figures import draw_differences
from lesionlab.report.style import save_figure
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    save_figure(draw_differences(read_json(paths.comparison)), paths.figure)


if __name__ == "__main__":
    run_stage(main)
