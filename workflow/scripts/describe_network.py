"""Write down the pictures that the classifier's network was made for."""

from lesionlab.files import write_json
from lesionlab.networks.network import find_input
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    size, scale = find_input(options["model"])
    write_json(
        paths.network, {"model": options["model"], "size": size, **scale._asdict()}
    )


if __name__ == "__main__":
    run_stage(main)
