"""Put everything that predicts on new photographs into one folder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lesionlab.bundle.card import write_card
from lesionlab.bundle.manifest import CARD, FORMAT, write_manifest
from lesionlab.files import (
    atomic_path,
    read_csv,
    read_json,
    sha256_file,
    write_csv,
)
from lesionlab.stage import Options, Paths, provenance, run_stage

PARTS = ("segmenters", "classifiers", "training")


def main(paths: Paths, *, options: Options) -> None:
    folder = paths.manifest.parent
    for part in PARTS:  # of an older bundle; whatever else lies there is not ours
        shutil.rmtree(folder / part, ignore_errors=True)
    calibration, export = read_json(paths.calibration), read_json(paths.check)
    facts = {
        "format": FORMAT,
        "lesionlab": str(paths.version),
        "run": options["run"],
        "classes": list(options["classes"]),
        "positive_class": options["positive_class"],
        "segmenters": list(_place_segmenters(folder, paths, options)),
        "arms": _place_classifiers(folder, paths, options),
        "likeness": calibration["likeness"],
        "training": _place_training(folder, paths, options),
        "export": {name: export[name] for name in ("n", "segmenters", "classifiers")},
        **provenance(options["code"], ("numpy", "opencv-python")),
    }
    facts["versions"]["onnxruntime"] = export["versions"]["onnxruntime"]
    for arm, about in facts["arms"].items():
        about.update(calibration["arms"][arm])
    placed = (path for part in PARTS for path in (folder / part).rglob("*"))
    files = {
        path.relative_to(folder).as_posix(): sha256_file(path)
        for path in sorted(placed)
        if path.is_file()
    }
    card = write_card(
        paths.template.read_text(encoding="utf-8"),
        facts,
        run=options,
        calibration=calibration,
        export=export,
        split_audit=read_json(paths.split_audit),
        segmentation=[read_json(path) for path in paths.segmentation_scores],
        files=files,
    )
    with atomic_path(folder / CARD) as draft:
        draft.write_text(card, encoding="utf-8")
    write_manifest(folder, facts, {**files, CARD: sha256_file(folder / CARD)})


def _place_segmenters(
    folder: Path, paths: Paths, options: Options
) -> Iterator[dict[str, Any]]:
    height, width = np.load(paths.segmenter_pixels, mmap_mode="r").shape[1:3]
    for fold, source, weights, threshold in zip(
        options["folds"],
        paths.segmenter_files,
        paths.segmenters,
        paths.thresholds,
        strict=True,
    ):
        own = folder / "segmenters" / fold
        _place(weights, own)
        yield {
            "fold": fold,
            "file": _place(source, own).relative_to(folder).as_posix(),
            "threshold": read_json(threshold)["threshold"],
            "height": int(height),
            "width": int(width),
        }


def _place_classifiers(folder: Path, paths: Paths, options: Options) -> dict[str, Any]:
    arms: dict[str, Any] = {}
    for (arm, fold, seed), source, weights, pixels in zip(
        options["keys"],
        paths.classifier_files,
        paths.classifiers,
        paths.pixels,
        strict=True,
    ):
        own = folder / "classifiers" / arm / f"{fold}.{seed}"
        stored = _place(weights, own).relative_to(folder).as_posix()
        file = _place(source, own).relative_to(folder).as_posix()
        size = int(np.load(pixels, mmap_mode="r").shape[1])
        about = arms.setdefault(arm, {"size": size, "members": [], "weights": stored})
        about["members"].append({"fold": fold, "seed": seed, "file": file})
    return arms


def _place_training(folder: Path, paths: Paths, options: Options) -> dict[str, Any]:
    """Place what tells similar cases; of photographs that may be shown, these too."""
    own, shown = folder / "training", options["licence"] is not None
    placed = {
        name: _place(getattr(paths, name), own) for name in ("features", "colours")
    }
    cases = read_csv(paths.cases)
    if shown:
        placed["thumbnails"] = _place(paths.thumbnails, own)
    else:
        cases["image_id"] = [f"case-{number}" for number in range(1, len(cases) + 1)]
    placed["cases"] = own / "cases.csv"
    write_csv(placed["cases"], cases)
    arm, fold, seed = options["keys"][0]
    return {
        **{"arm": arm, "fold": fold, "seed": seed, "thumbnails": None},
        **{name: path.relative_to(folder).as_posix() for name, path in placed.items()},
        "licence": options["licence"],
    }


def _place(source: Path, folder: Path) -> Path:
    """Let a file stand in the bundle too, where possible without a second copy."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    return target


if __name__ == "__main__":
    run_stage(main)
