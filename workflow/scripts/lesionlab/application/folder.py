"""Predict on a folder of photographs: a row for every file, whatever is in it."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from lesionlab.application.draft import (
    LONGEST_NAME,
    Draft,
    choose_places,
    hold,
    read_finished,
)
from lesionlab.application.engine import Networks, judge, load_networks
from lesionlab.application.hearing import Decode, listen
from lesionlab.application.photographs import (
    list_photographs,
    measure_size,
    read_file,
)
from lesionlab.application.table import (
    describe,
    escape_formula,
    list_columns,
    summarise,
)
from lesionlab.bundle.manifest import Bundle
from lesionlab.codedigest import code_digest
from lesionlab.errors import LabError

GROUP = 8  # files of a thread's turn: their rows are written, or done again, together
ROOM = 16_000_000  # pixels that a thread holds decoded; a larger one is held alone
HUGE = Lock()  # for a photograph that is larger than that
# half the size of a mask, and sooner
UNFILTERED = (cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)
SCRIPT = Path(__file__).parents[2] / "predict_photographs.py"
MADE_BY = ("onnxruntime", "opencv-python", "pillow", "numpy")


def predict_folder(
    folder: Path, bundle: Bundle, target: Path, *, threads: int
) -> dict[str, Any]:
    """Predict on every photograph below a folder.

    A process that is killed goes on where it stood when it is started again.

    Parameters
    ----------
    folder : Path
        With photographs.
    bundle : Bundle
        The networks.
    target : Path
        The table to write, ``.csv``; beside it come ``<its stem>_masks/`` and
        ``<its stem>.json``, which says what it was made from.
    threads : int
        CPU threads; the table does not depend on it.

    Returns
    -------
    dict
        Of the ``.json`` file; and ``before``, the number of files that were done
        before this call, or None where the finished table stood there.

    Raises
    ------
    LabError
        If the folder holds no file, or the table cannot be written, or something else
        stands in its place.
    """
    places = choose_places(target)
    names = list_photographs(folder)
    if target.parent.resolve().is_relative_to(folder.resolve()):
        raise LabError(
            f"{target}: lies among the photographs; name a place outside of {folder}"
        )
    identity = _identify(folder, names, bundle)
    if finished := read_finished(places, identity):
        return {**finished, "before": None}
    with hold(places):
        if finished := read_finished(places, identity):
            return {**finished, "before": None}
        shown = [_show(name) for name in names]
        masks = name_masks(names)
        files = list(zip(shown, map(str, masks), strict=True))
        draft = Draft(
            places, identity, columns=[*list_columns(bundle)], files=files, group=GROUP
        )
        before = draft.done
        if before < len(names):
            with _single_threads():
                _fill(draft, folder, names, masks, bundle, threads)
        facts = summarise(bundle, identity, draft.counts)
        draft.finish(facts)
    return {**facts, "before": before}


def _identify(folder: Path, names: Sequence[str], bundle: Bundle) -> dict[str, Any]:
    """Say what a table is made from, as far as it can be seen without reading files."""
    listing = hashlib.sha256()
    for name in names:
        try:
            about = (folder / name).stat()
            readable = os.access(folder / name, os.R_OK)
            facts = f"{about.st_size} {about.st_mtime_ns} {readable}"
        except OSError as why:
            facts = str(why.errno)
        listing.update(os.fsencode(name) + f"\0{facts}\0".encode())
    return {
        "photographs": listing.hexdigest(),
        "model": bundle.identity,
        "made_by": {name: version(name) for name in MADE_BY},
        "code": code_digest(SCRIPT),
    }


def _show(name: str) -> str:
    """Name a file in the table."""
    return escape_formula(_printable(name))


def _printable(name: str) -> str:
    """Show by its number what is no UTF-8 in a name, or ends a row of a table."""
    shown = name.encode("utf-8", "backslashreplace").decode()
    return shown.replace("\r", "\\x0d")


def name_masks(names: Sequence[str]) -> list[str]:
    """Name the mask of each file, ``<name>.png``.

    Parameters
    ----------
    names : sequence of str
        Relative paths.

    Returns
    -------
    list of str
        Relative paths, each another; where the name would be too long, or that of a
        folder, its SHA-256 stands for it.
    """
    folders = {str(parent) for name in names for parent in Path(name).parents}
    masks = []
    for name in names:
        mask = f"{name}.png"
        if len(os.fsencode(Path(mask).name)) > LONGEST_NAME or mask in folders:
            mask = f"{hashlib.sha256(os.fsencode(name)).hexdigest()}.png"
        masks.append(mask)
    return masks


@contextmanager
def _single_threads() -> Iterator[None]:
    """Let no library start threads of its own: photographs are judged side by side."""
    threads, level = cv2.getNumThreads(), cv2.utils.logging.getLogLevel()
    cv2.setNumThreads(1)
    # what OpenCV says of a damaged file stands in its row
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        with threadpool_limits(1):
            yield
    finally:
        cv2.setNumThreads(threads)
        cv2.utils.logging.setLogLevel(level)


def _fill(
    draft: Draft,
    folder: Path,
    names: Sequence[str],
    masks: Sequence[str],
    bundle: Bundle,
    threads: int,
) -> None:
    """Judge group after group, each in one thread, and add their rows in order."""
    networks = load_networks(bundle, threads=1)
    ahead: deque[Future[list[dict[str, Any]]]] = deque()
    with (
        listen(threads) as (decode, screen),
        tqdm(
            total=len(names),
            initial=draft.done,
            unit="img",
            file=screen,
            disable=None,
        ) as bar,
        ThreadPoolExecutor(threads) as pool,
    ):
        turn = _Turn(networks, folder, draft, decode)

        def take() -> None:
            rows = ahead.popleft().result()
            draft.add(rows)
            bar.update(len(rows))

        try:
            for i in range(draft.done, len(names), GROUP):
                some = slice(i, i + GROUP)
                ahead.append(pool.submit(turn.judge, names[some], masks[some]))
                if len(ahead) > 2 * threads:
                    take()
            while ahead:
                take()
        except BaseException:
            turn.stopped = True
            pool.shutdown(wait=True, cancel_futures=True)
            raise


class _Turn:
    """What a thread does with a group of files."""

    def __init__(
        self, networks: Networks, folder: Path, draft: Draft, decode: Decode
    ) -> None:
        self.networks, self.folder, self.masks = networks, folder, draft.masks
        self.shown, self.decode = draft.places.masks.name, decode
        self.known = networks.cases["image_id"].to_list()
        self.stopped = False

    def judge(self, names: Sequence[str], masks: Sequence[str]) -> list[dict[str, Any]]:
        """Give a row for each file, and write the masks."""
        rows: dict[str, dict[str, Any]] = {}
        waiting: dict[tuple[str, str], np.ndarray] = {}
        held = 0
        for name, mask in zip(names, masks, strict=True):
            if self.stopped:
                break
            try:
                content = read_file(self.folder / name)
                width, height = measure_size(content)
                size = width * height
                if size > ROOM:
                    with HUGE:
                        alone = {(name, mask): self.decode(content)}
                        rows.update(self._judge(alone))
                    continue
                if held + size > ROOM:
                    rows.update(self._judge(waiting))
                    waiting, held = {}, 0
                waiting[name, mask] = self.decode(content)
                held += size
            except LabError as why:
                rows[name] = {"file": _show(name), "reason": str(why)}
        if waiting and not self.stopped:
            rows.update(self._judge(waiting))
        return [rows[name] for name in names if name in rows]

    def _judge(
        self, photographs: dict[tuple[str, str], np.ndarray]
    ) -> dict[str, dict[str, Any]]:
        networks = self.networks
        rows = {}
        opinions = judge(networks, list(photographs.values()))
        for (name, mask), opinion in zip(photographs, opinions, strict=True):
            path = self.masks / mask
            path.parent.mkdir(parents=True, exist_ok=True)
            grey = opinion.mask.view(np.uint8) * np.uint8(255)
            path.write_bytes(cv2.imencode(".png", grey, UNFILTERED)[1].tobytes())
            rows[name] = {
                "file": _show(name),
                "mask": _printable(f"{self.shown}/{mask}"),
                **describe(networks.bundle, opinion),
                "nearest": " ".join(self.known[row] for row in opinion.neighbours),
            }
        return rows
