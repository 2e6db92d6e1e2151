"""Draw case studies of the segmentation, at fixed quantiles of the test Jaccard."""

from lesionlab.data.packing import photograph_size
from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.figures.photographs import choose_cases, draw_cases
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    scores = read_csv(paths.scores)
    images = read_csv(paths.images).set_index("image_id")
    masks = read_csv(paths.masks).set_index("image_id")["file"]
    cases = []
    for position in choose_cases(scores["jaccard"], options["cases"]):
        name, jaccard = scores.loc[position, ["image_id", "jaccard"]]
        row = images.loc[name]
        cases.append(
            (
                f"{name} ({scores.loc[position, 'label']})",
                float(jaccard),
                read_photograph(paths.root / row["image"], size=photograph_size(row)),
                read_mask(paths.root / row["mask"]),
                read_mask(paths.masks.parent / masks[name]),
            )
        )
    save_figure(draw_cases(cases), paths.figure)


if __name__ == "__main__":
    run_stage(main)
