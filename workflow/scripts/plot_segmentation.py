"""Draw the training, the threshold and the scores of the U-Net."""

from lesionlab.figures.segmentation import draw_segmentation
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv, read_json
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    figure = draw_segmentation(
        read_csv(paths.history),
        read_csv(paths.curve),
        read_csv(paths.scores),
        kept=read_json(paths.training)["kept_epoch"],
        threshold=read_json(paths.threshold)["threshold"],
    )
    save_figure(figure, paths.figure)


if __name__ == "__main__":
    run_stage(main)
