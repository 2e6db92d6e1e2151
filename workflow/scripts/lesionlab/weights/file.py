"""What a file of weights is, told from its bytes alone: nothing in it is run.

The Snakefile asks before anything is run, so this imports nothing heavy.
"""

import json
import pickletools
import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lesionlab.errors import LabError
from lesionlab.files import read_json, sha256_file
from lesionlab.weights.names import explain_names

SAFETENSORS, TORCH = "safetensors", "torch"
HEAD_BYTES = 512
HEADER_LIMIT = 100_000_000  # bytes, of safetensors
# a file of torch before version 1.6 is a row of pickles: the fourth holds the weights
LEGACY_PICKLES = 4
# what a state dict is made of; torch's own loader, which is stricter, has the last word
WEIGHTS_MODULES = ("torch", "numpy", "collections", "_codecs")
AGAIN = "download the weights again"
ANOTHER = "name a state dict of torchvision's ResNet-50"
MARKS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file; run: git lfs pull"),
    (b"\x89HDF\r\n\x1a\n", f"a file of Keras (HDF5); {ANOTHER}"),
    (b"\x1f\x8b", "packed by gzip; unpack it"),
    (b"<", "a web page, not the file; download the file itself"),
    (b"{", "JSON, perhaps what a server answered; download the file itself"),
)


def inspect_weights(path: Path, wanted: Collection[str] | None = None) -> str:
    """Refuse what cannot be the weights of a ResNet-50, whatever its name says.

    Parameters
    ----------
    path : Path
        The file, of which at most the list of its weights is read.
    wanted : collection of str, optional
        Names of the weights that it must hold; by default a ResNet-50's.

    Returns
    -------
    str
        How it is to be read: ``"safetensors"`` or ``"torch"``.

    Raises
    ------
    LabError
        If it is no file of weights, is cut short, would run code or belongs to another
        network; the message says what it is instead.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
            stream.seek(0)
            kind = TORCH
            called: list[str] = []
            # first, since its length may look like any mark
            if head[8:9] == b"{" and _header_length(head) <= HEADER_LIMIT:
                kind, names = SAFETENSORS, _read_safetensors(path, stream)
            else:
                _refuse_other_formats(path, head)
                if head.startswith(b"PK"):
                    called, names = _read_zip(path)
                else:
                    called, names = _read_pickles(stream, LEGACY_PICKLES)
    except OSError as why:
        raise LabError(f"{path}: no readable weights ({why.strerror})") from why
    if reason := _explain_calls(called) or explain_names(names, wanted):
        raise LabError(f"{path}: {reason}")
    return kind


def check_intact(path: Path) -> None:
    """Compare a file of weights with the checksums that came with it, where some did.

    Parameters
    ----------
    path : Path
        A zip archive holds a checksum of each part; a JSON file of the same stem may
        name the ``sha256`` of any file.

    Raises
    ------
    LabError
        If one does not agree.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if damaged := archive.testzip():
                raise LabError(f"{path}: damaged at {damaged}; {AGAIN}")
    facts = path.with_suffix(".json")
    known = read_json(facts).get("sha256") if facts.exists() else None
    if known and sha256_file(path) != known:
        raise LabError(
            f"{path}: its SHA-256 is not the one in {facts}: damaged, or another file; "
            f"{AGAIN}"
        )


def _refuse_other_formats(path: Path, head: bytes) -> None:
    if not head.strip(b"\0"):
        what = "nothing but zeros" if head else "empty"
        raise LabError(f"{path}: {what}; {AGAIN}")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, what in MARKS:
        if text.startswith(mark):
            raise LabError(f"{path}: {what}")
    if head[257:262] == b"ustar":
        raise LabError(f"{path}: a tar archive; unpack it and name the file in it")
    if not head.startswith((b"PK", b"\x80")):
        raise LabError(
            f"{path}: no format of weights that is known; name a .pth or .safetensors "
            "file"
        )


def _header_length(head: bytes) -> int:
    return int.from_bytes(head[:8], "little")


def _read_zip(path: Path) -> tuple[list[str], list[str]]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if what := _explain_archive(names):
                raise LabError(f"{path}: {what}")
            member = next(name for name in names if name.endswith("/data.pkl"))
            with archive.open(member) as stream:
                return _read_pickles(stream, 1)  # type: ignore[arg-type]
    except zipfile.BadZipFile as why:
        raise LabError(f"{path}: cut short or damaged; {AGAIN}") from why


def _explain_archive(names: Sequence[str]) -> str:
    if "model.weights.h5" in names:
        return f"a file of Keras; {ANOTHER}"
    if any("/code/" in name for name in names):
        return "a TorchScript archive; save the network's state_dict() instead"
    if any(name.endswith(".npy") for name in names):
        return "arrays of NumPy; save a state dict with torch.save instead"
    if not any(name.endswith("/data.pkl") for name in names):
        return "a zip archive; unpack it and name the file in it"
    return ""


def _read_safetensors(path: Path, stream: BinaryIO) -> list[str]:
    size = path.stat().st_size
    length = _header_length(stream.read(8))
    try:
        header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        end = max(entry["data_offsets"][1] for entry in header.values())
    except (ValueError, TypeError, LookupError, AttributeError) as why:
        raise LabError(f"{path}: cut short or damaged; {AGAIN}") from why
    if 8 + length + end != size:
        raise LabError(f"{path}: cut short or damaged; {AGAIN}")
    return list(header)


def _read_pickles(stream: BinaryIO, count: int) -> tuple[list[str], list[str]]:
    """List what pickles would call, and every text in them, up to where one breaks."""
    called: list[str] = []
    texts: list[str] = []
    with suppress(Exception):  # on damaged bytes it raises all kinds; torch says more
        for _ in range(count):
            for name, is_call in _walk_pickle(stream):
                (called if is_call else texts).append(name)
    return called, texts


def _walk_pickle(stream: BinaryIO) -> Iterator[tuple[str, bool]]:
    """Read a pickle as text; give what it would call, and its texts as names."""
    recent: list[str] = []
    memo: dict[int, str] = {}
    for code, argument, _ in pickletools.genops(stream):
        if code.name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", "."), True
        elif code.name == "STACK_GLOBAL":
            yield ".".join(recent[-2:]), True
        elif isinstance(argument, str):
            recent.append(argument)
            yield argument, False
        elif code.name == "MEMOIZE":
            memo[len(memo)] = recent[-1] if recent else ""
        elif code.name in ("BINGET", "LONG_BINGET"):
            recent.append(memo.get(int(argument or 0), ""))


def _explain_calls(called: Sequence[str]) -> str:
    """Say what is refused of all that a pickle would call, or nothing."""
    modules = [name for name in called if name.startswith("torch.nn.modules.")]
    foreign = [n for n in called if n.split(".")[0] not in WEIGHTS_MODULES]
    if modules:
        own = next((n for n in foreign if "builtin" not in n), modules[0])
        return (
            f"refused, a whole pickled model ({own}), which would run its code; save "
            "its state_dict() instead"
        )
    if foreign:
        return (
            f"refused, loading it would run {foreign[0]}; take weights that you trust, "
            "saved as a state dict"
        )
    return ""
