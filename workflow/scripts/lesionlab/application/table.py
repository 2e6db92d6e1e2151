"""Predictions on a folder of photographs: a row for every file."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from lesionlab.application.engine import Networks, Opinion, judge, load_networks
from lesionlab.application.photographs import decode_photograph, list_photographs
from lesionlab.bundle.manifest import Bundle
from lesionlab.errors import LabError
from lesionlab.files import write_csv

BATCH = 16  # photographs that are judged together


def predict_folder(folder: Path, bundle: Bundle, target: Path, *, threads: int) -> None:
    """Predict on every photograph below a folder.

    Parameters
    ----------
    folder : Path
        With photographs.
    bundle : Bundle
        The networks.
    target : Path
        The table to write; the masks lie beside it, in ``<its stem>_masks/``.
    threads : int
        CPU threads.

    Raises
    ------
    LabError
        If the folder holds no photograph.
    """
    names = list_photographs(folder)
    networks = load_networks(bundle, threads=threads)
    masks = target.with_name(f"{target.stem}_masks")
    masks.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    with tqdm(total=len(names), unit="img", disable=None) as bar:
        for batch in _read_batches(folder, names, threads):
            rows += _judge_batch(networks, batch, masks)
            bar.update(len(batch))
    write_csv(target, pd.DataFrame(rows))


def _read_batches(
    folder: Path, names: Sequence[str], threads: int
) -> Iterator[list[tuple[str, np.ndarray | str]]]:
    """Decode a batch ahead of the networks."""

    def read(name: str) -> tuple[str, np.ndarray | str]:
        try:
            return name, decode_photograph((folder / name).read_bytes())
        except LabError as why:
            return name, str(why)
        except OSError as why:
            return name, str(why.strerror)

    batches = [names[i : i + BATCH] for i in range(0, len(names), BATCH)]
    with ThreadPoolExecutor(threads) as pool:
        ahead = [pool.submit(read, name) for name in batches[0]]
        for following in [*batches[1:], []]:
            now, ahead = ahead, [pool.submit(read, name) for name in following]
            yield [one.result() for one in now]


def _judge_batch(
    networks: Networks, batch: Sequence[tuple[str, np.ndarray | str]], masks: Path
) -> list[dict[str, Any]]:
    seen = {name: it for name, it in batch if not isinstance(it, str)}
    judged = judge(networks, list(seen.values())) if seen else []
    opinions = dict(zip(seen, judged, strict=True))
    rows = []
    for name, read in batch:
        if isinstance(read, str):
            rows.append({"file": name, "reason": read})
            continue
        opinion = opinions[name]
        path = masks / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = opinion.mask.astype(np.uint8) * np.uint8(255)
        path.write_bytes(cv2.imencode(".png", grey)[1].tobytes())
        where = path.relative_to(masks.parent).as_posix()
        said = describe(networks.bundle, opinion)
        rows.append({"file": name, "reason": "", "mask": where, **said})
    return rows


def describe(bundle: Bundle, opinion: Opinion) -> dict[str, Any]:
    """Put an opinion into the columns of a row.

    Parameters
    ----------
    bundle : Bundle
        Whose networks it is of.
    opinion : Opinion
        Of one photograph.

    Returns
    -------
    dict
        Size, lesion area, probabilities and decisions under every arm, warnings.
    """
    height, width = opinion.mask.shape
    row: dict[str, Any] = {
        "width": width,
        "height": height,
        "lesion_pixels": int(opinion.mask.sum()),
        "lesion_share": round(float(opinion.mask.mean()), 6),
    }
    for arm, probabilities in opinion.probabilities.items():
        for name, p in zip(bundle.classes, probabilities, strict=True):
            row[f"{arm}_prob_{name}"] = round(float(p), 6)
        for point in bundle.facts["arms"][arm]["operating_points"]:
            sent = bool(probabilities[bundle.positive] >= point["threshold"])
            row[f"{arm}_sent_at_{point['wanted']}"] = sent
    row["warnings"] = "; ".join(opinion.warnings)
    return row
