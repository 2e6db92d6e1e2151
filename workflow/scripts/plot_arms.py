"""Draw what each arm shows of a few photographs."""

from pathlib import Path

from lesionlab.data.packing import load_small, photograph_size
from lesionlab.figures.photographs import draw_arms
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.randomness import ARM_SHEET, derive_seed
from lesionlab.stage import Options, Paths, run_stage

WIDTH = 300  # pixels of a picture in the figure


def main(paths: Paths, *, options: Options) -> None:
    test = read_csv(paths.split).query("task == 'classification' and set == 'test'")
    test = test[test["fold"] == options["fold"]]
    table = read_csv(paths.images).set_index("image_id")
    manifests = dict(zip(options["rendered"], paths.manifests, strict=True))
    files = {arm: find_pictures(path) for arm, path in manifests.items()}
    rows = {}
    for label in options["classes"]:
        of_class = test.loc[test["label"] == label, "image_id"]
        seed = derive_seed(ARM_SHEET, options["seed"], label)
        for name in of_class.sample(min(1, len(of_class)), random_state=seed):
            shown = {
                arm: (files[arm][name], None)
                if arm in files
                else (
                    paths.root / table.loc[name, "image"],
                    photograph_size(table.loc[name]),
                )
                for arm in options["arms"]
            }
            rows[label] = {
                arm: load_small(path, size=size, width=WIDTH)
                for arm, (path, size) in shown.items()
            }
    save_figure(draw_arms(rows), paths.figure)


def find_pictures(manifest: Path) -> dict[str, Path]:
    table = read_csv(manifest)
    names = zip(table["image_id"], table["file"], strict=True)
    return {name: manifest.parent / file for name, file in names}


if __name__ == "__main__":
    run_stage(main)
