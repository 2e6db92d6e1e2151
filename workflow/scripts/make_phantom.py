"""Draw the embedded data set in the layout of HAM10000."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from lesionlab.files import atomic_path, sha256_file, write_csv
from lesionlab.phantom.lesions import DIAGNOSES, draw_lesion, draw_photograph
from lesionlab.sources.layout import IMAGES, MASK_SUFFIX, MASKS, METADATA, TRUTH
from lesionlab.stage import Options, Paths, run_stage

# coarser files would carry the skin's colour over the mask's border into the lesion
QUALITY = [
    cv2.IMWRITE_JPEG_QUALITY,
    98,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
]
FIELDS = ["lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization"]


def write_lesion(
    root: Path, number: int, first: int, options: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Write the photographs and masks of one lesion; give files and SHA-256."""
    lesion = draw_lesion(number, options)
    written = []
    for view in range(lesion.photographs):
        name = f"ISIC_{first + view:07d}"
        photograph, mask = draw_photograph(lesion, view, options)
        grey = mask.astype(np.uint8) * np.uint8(255)
        for file, suffix, picture, how in (
            (f"{IMAGES}/{name}.jpg", ".jpg", photograph[..., ::-1], QUALITY),
            (f"{MASKS}/{name}{MASK_SUFFIX}", ".png", grey, []),
        ):
            content = cv2.imencode(suffix, picture, how)[1].tobytes()
            with atomic_path(root / file) as draft:
                draft.write_bytes(content)
            written.append((file, hashlib.sha256(content).hexdigest()))
    return written


def describe(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """List the rows of the metadata table: one a photograph."""
    for number in range(options["lesions"]):
        lesion = draw_lesion(number, options)
        for _ in range(lesion.photographs):
            yield {"number": number, **lesion.facts}


def main(paths: Paths, *, options: Options) -> None:
    root = paths.root
    for folder in (IMAGES, MASKS):
        (root / folder).mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(describe(options))
    table["image_id"] = [f"ISIC_{number:07d}" for number in range(len(table))]
    firsts = table.reset_index().groupby("number")["index"].first()
    jobs = (
        delayed(write_lesion)(root, number, first, dict(options))
        for number, first in firsts.items()
    )
    written = Parallel(options["workers"], return_as="generator", batch_size=16)(jobs)
    bar = tqdm(written, "phantom lesions", len(firsts), disable=None)
    files = [row for rows in bar for row in rows]

    truth = pd.DataFrame({"image": table["image_id"]})
    for dx in ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC"):
        assert dx.lower() in DIAGNOSES
        truth[dx] = (table["dx"] == dx.lower()).astype(float)
    write_csv(root / TRUTH, truth)
    write_csv(root / METADATA, table[FIELDS])
    files += [(name, sha256_file(root / name)) for name in (TRUTH, METADATA)]
    write_csv(paths.manifest, pd.DataFrame(sorted(files), columns=["file", "sha256"]))


if __name__ == "__main__":
    run_stage(main)
