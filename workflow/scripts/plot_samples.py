"""Draw a sheet of photographs of every class."""

from lesionlab.data.packing import load_small
from lesionlab.figures.photographs import draw_samples
from lesionlab.figures.style import save_figure
from lesionlab.files import read_csv
from lesionlab.randomness import SAMPLE_SHEET, derive_seed
from lesionlab.stage import Options, Paths, run_stage

WIDTH = 300  # pixels of a photograph in the figure


def main(paths: Paths, *, options: Options) -> None:
    table = read_csv(paths.images).drop_duplicates("group")
    samples = {}
    for label in options["classes"]:
        rows = table[table["label"] == label]
        count = min(options["samples"], len(rows))
        seed = derive_seed(SAMPLE_SHEET, options["seed"], label)
        chosen = rows.sample(count, random_state=seed)["image"]
        samples[label] = [load_small(paths.root / name, width=WIDTH) for name in chosen]
    save_figure(draw_samples(samples), paths.figure)


if __name__ == "__main__":
    run_stage(main)
