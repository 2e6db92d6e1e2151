"""Predict on a folder of new photographs."""

from lesionlab.application.folder import predict_folder
from lesionlab.bundle.manifest import load_bundle
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    predict_folder(
        paths.photographs,
        load_bundle(paths.manifest.parent),
        paths.predictions,
        threads=options["workers"],
    )


if __name__ == "__main__":
    run_stage(main)
