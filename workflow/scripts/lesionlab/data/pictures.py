"""Write many lossless pictures and the manifest that stands for them."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from lesionlab.errors import LabError


def write_pictures(
    names: Sequence[str],
    draw: Callable[[int], np.ndarray],
    *,
    folder: Path,
    workers: int,
) -> pd.DataFrame:
    """Write ``<name>.png`` for every name into a folder.

    Parameters
    ----------
    names : sequence of str
        Image ids.
    draw : Callable
        Gives the picture at a position in `names`: uint8, (H, W) grey or (H, W, 3) RGB.
    folder : Path
        Rid of older pictures first: it holds none that the manifest does not list.
    workers : int
        Threads.

    Returns
    -------
    DataFrame
        Columns ``image_id``, ``file``, ``sha256``; one row a picture, in order.

    Raises
    ------
    LabError
        If a picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink(missing_ok=True)

    def write(position: int) -> tuple[str, str, str]:
        name = names[position]
        picture = draw(position)
        if picture.ndim == 3:
            picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        content = cv2.imencode(".png", picture)[1].tobytes()
        path = folder / f"{name}.png"
        try:
            path.write_bytes(content)
        except OSError as why:
            path.unlink(missing_ok=True)
            raise LabError(
                f"{path}: cannot be written ({why.strerror}); make room and run again"
            ) from why
        return name, path.name, hashlib.sha256(content).hexdigest()

    with ThreadPoolExecutor(workers) as pool:
        written = pool.map(write, range(len(names)))
        bar = tqdm(written, folder.name, len(names), unit="img", disable=None)
        return pd.DataFrame(list(bar), columns=["image_id", "file", "sha256"])
