"""Split the photographs once, for both networks and every fold."""

from lesionlab.data.split import make_split
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    split = make_split(
        read_csv(paths.images),
        protocol=options["protocol"],
        seed=options["seed"],
        folds=options["folds"],
        sizes=options["sizes"],
        classes=options["classes"],
        sources=options["sources"],
    )
    write_csv(paths.split, split)


if __name__ == "__main__":
    run_stage(main)
