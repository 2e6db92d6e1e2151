"""The command ``lesionlab``: use the models of a finished run."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lesionlab.errors import LabError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a :class:`LabError` becomes one line and exit status 1."""
    parser = argparse.ArgumentParser("lesionlab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    predict = commands.add_parser("predict", help="predict on a folder of photographs")
    predict.add_argument("folder", type=Path)
    predict.add_argument("--model", type=Path, required=True, help="its folder")
    predict.add_argument("--out", type=Path, default=Path("predictions.csv"))
    predict.add_argument("--threads", type=int, default=os.cpu_count())
    given = parser.parse_args(arguments)
    try:
        from lesionlab.application.table import predict_folder
        from lesionlab.bundle.manifest import load_bundle

        bundle = load_bundle(given.model)
        predict_folder(given.folder, bundle, given.out, threads=given.threads)
    except LabError as why:
        print(f"lesionlab: {why}", file=sys.stderr)
        return 1
    return 0
