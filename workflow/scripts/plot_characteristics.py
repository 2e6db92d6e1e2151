"""Draw who was photographed: age, sex, site, lesion and diagnosis by class."""

from lesionlab.cohort.characteristics import draw_characteristics
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    images = read_csv(paths.images)
    save_figure(draw_characteristics(images, options["classes"]), paths.figure)


if __name__ == "__main__":
    run_stage(main)
