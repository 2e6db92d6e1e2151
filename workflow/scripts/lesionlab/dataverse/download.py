"""Ask a web server until it has answered, and go on where a download was cut."""

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import requests
from tqdm import tqdm

from lesionlab.errors import LabError, first_line

# seconds before each further try; they begin anew once a download has come farther
WAITS = (1, 2, 4, 8, 16, 32, 64)
LONGEST_WAIT = 300  # whatever the server asks for
TIMEOUT = (15, 60)  # seconds to connect, and between two pieces of an answer
PASSING = (408, 425, 429, 500, 502, 503, 504)
CHUNK = 1 << 14  # bytes; what a cut leaves of one is lost
# the firewall of Harvard Dataverse refuses what calls itself python-requests
HEADERS = {"User-Agent": "lesionlab", "Accept-Encoding": "identity"}


class _Interrupted(Exception):
    """What may pass: worth another try, after so many seconds at least."""

    wait = 0.0


class _Refused(Exception):
    """What another try would not change."""


def get_json(url: str, *, mend: str, waits: Sequence[float] = WAITS) -> Any:
    """Ask for a JSON document.

    Parameters
    ----------
    url : str
        Its address.
    mend : str
        What to do when it cannot be had, the end of every message.
    waits : sequence of float
        Seconds before each further try.

    Returns
    -------
    Any
        What the document holds.

    Raises
    ------
    LabError
        If the server refuses, sends something else, or stays away.
    """

    def ask() -> Any:
        with requests.get(url, headers=HEADERS, timeout=TIMEOUT) as answer:
            _check_status(answer)
            try:
                return answer.json()
            except requests.JSONDecodeError:
                raise _Refused("no JSON came") from None

    return _persist(ask, lambda: 0, url=url, mend=mend, waits=waits)


def download(
    url: str, part: Path, *, size: int, mend: str, waits: Sequence[float] = WAITS
) -> None:
    """Bring a file to its full size, from the bytes on that are there already.

    Its content is not checked. A server that cannot send the rest alone sends it all.

    Parameters
    ----------
    url : str
        Its address.
    part : Path
        What has come so far; it stays when the server stays away or refuses.
    size : int
        Bytes of the whole file; no more are ever written.
    mend : str
        What to do when it cannot be had, the end of every message.
    waits : sequence of float
        Seconds before each further try.

    Raises
    ------
    LabError
        If the server refuses, sends something else, or stays away.
    """
    with tqdm(
        desc=part.stem, total=size, unit="B", unit_scale=True, disable=None
    ) as bar:
        _persist(
            lambda: _go_on(url, part, size, bar),
            lambda: _length(part),
            url=url,
            mend=mend,
            waits=waits,
        )


def _persist(
    attempt: Callable[[], Any],
    reached: Callable[[], int],
    *,
    url: str,
    mend: str,
    waits: Sequence[float],
) -> Any:
    """Try until it works, or until nothing more has come in all the tries allowed."""
    failures, farthest = 0, reached()
    while True:
        try:
            return attempt()
        except _Refused as why:
            raise LabError(f"{url}: {why}; {mend}") from None
        except (requests.RequestException, _Interrupted) as why:
            reason = _reason(why)
            asked = why.wait if isinstance(why, _Interrupted) else 0.0
            if isinstance(why, ValueError):  # so requests calls a malformed address
                raise LabError(f"{url}: no address ({reason}); {mend}") from None
        if reached() > farthest:
            failures, farthest = 0, reached()
        if failures == len(waits):
            raise LabError(
                f"{url}: not to be had in {failures + 1} tries ({reason}); run again "
                f"to go on where it stopped, or {mend}"
            )
        wait = min(max(waits[failures], asked), LONGEST_WAIT)
        failures += 1
        logging.warning("%s: %s; next try in %g s", url, reason, wait)
        time.sleep(wait)


def _reason(why: Exception) -> str:
    """Say what happened, without the calls and addresses that requests adds."""
    if isinstance(why, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut"
    last = first_line(why).rpartition(": ")[2].strip("\"'() ")
    return last or type(why).__name__


def _go_on(url: str, part: Path, size: int, bar: Any) -> None:
    """Ask for the bytes that are missing, and append what comes."""
    start = _length(part)
    if start > size:
        part.unlink()
        start = 0
    if start == size:
        return
    rest = {"Range": f"bytes={start}-"} if start else {}
    with requests.get(
        url, headers={**HEADERS, **rest}, timeout=TIMEOUT, stream=True
    ) as answer:
        start = _first_byte(answer, part, start)
        _check_content(answer, size - start)
        bar.update(start - bar.n)
        with part.open("ab" if start else "wb") as stream:
            for chunk in answer.iter_content(CHUNK):
                start += len(chunk)
                if start > size:
                    break
                stream.write(chunk)
                bar.update(len(chunk))
    if start > size:
        part.unlink()
        raise _Refused(f"more than the published {size} bytes came")
    if start < size:
        raise _Interrupted(f"cut after {start} of {size} bytes")


def _first_byte(answer: requests.Response, part: Path, start: int) -> int:
    """Tell an answer that goes on at `start` from one that begins anew."""
    if answer.status_code != 416:
        _check_status(answer)
    if answer.status_code == 200:
        return 0
    span = answer.headers.get("Content-Range", "")
    if answer.status_code == 206 and span.startswith(f"bytes {start}-"):
        return start
    part.unlink(missing_ok=True)
    raise _Interrupted(f"other bytes came than were asked for ({span})")


def _check_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status in PASSING:
        why = _Interrupted(f"HTTP {status}")
        wait = answer.headers.get("Retry-After", "")
        why.wait = float(wait) if wait.isdecimal() else 0.0
        raise why
    if status in (401, 403):
        raise _Refused(f"the server refuses it (HTTP {status})")
    if status not in (200, 206):
        raise _Refused(f"the server answers HTTP {status}")


def _check_content(answer: requests.Response, missing: int) -> None:
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        raise _Refused("a web page came in place of the file")
    length = answer.headers.get("Content-Length", "")
    encoded = "Content-Encoding" in answer.headers
    if length.isdecimal() and not encoded and int(length) != missing:
        raise _Refused(f"{length} bytes are announced where {missing} are missing")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
