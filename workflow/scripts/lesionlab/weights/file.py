"""What a file of weights is, told from its bytes alone: nothing in it is run.

The Snakefile asks before anything is run, so this imports nothing heavy.
"""

import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from lesionlab.errors import LabError
from lesionlab.files import read_json, sha256_file
from lesionlab.weights.names import (
    NAMESPACE,
    explain_any,
    explain_names,
    explain_wrapping,
    find_weights,
    resnet50_names,
)
from lesionlab.weights.pickles import Pickled, find_tables, read_pickle, read_pickles

SAFETENSORS, TORCH = "safetensors", "torch"
HEAD_BYTES = 512
HEADER_LIMIT = 100_000_000  # bytes, of the list of weights
KINDS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
# what a state dict is made of; torch's own loader, which is stricter, has the last word
WEIGHTS_MODULES = ("torch", "numpy", "collections", "_codecs")
AGAIN = "download the weights again"
DAMAGED = f"cut short or damaged; {AGAIN}"
ANOTHER = "name a state dict of torch"
MARKS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file; run: git lfs pull"),
    (b"\x89HDF\r\n\x1a\n", f"a file of Keras (HDF5); {ANOTHER}"),
    (b"\x1f\x8b", "packed by gzip; unpack it"),
    (b"<", "a web page, not the file; download the file itself"),
    (b"{", "JSON, perhaps what a server answered; download the file itself"),
)


def check_named_file(name: str) -> None:
    """Refuse a name in a config that is no file's.

    Parameters
    ----------
    name : str
        As it stands there.

    Raises
    ------
    LabError
        Says what it is instead.
    """
    path = Path(name)
    if not path.exists() and name.startswith("~"):
        raise LabError(f"{name}: ~ is not replaced; write {path.expanduser()}")
    if path.is_dir():
        raise LabError(f"{name}: a folder; name the file of weights in it")
    if not path.is_file():
        raise LabError(f"{name}: no such file; name one, or imagenet, package or none")
    if "{" in name or "}" in name:
        raise LabError(
            f"{name}: Snakemake takes braces for the marks of a wildcard; rename it"
        )


def inspect_weights(path: Path, wanted: Collection[str] | None = None) -> str:
    """Refuse what cannot be the weights of a ResNet-50, whatever its name says.

    Parameters
    ----------
    path : Path
        The file, of which at most the list of its weights is read.
    wanted : collection of str, optional
        Names of the weights that it must hold; by default a ResNet-50's. None at all:
        the weights of any network will do.

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
            # first, since its length may look like any mark
            if head[8:9] == b"{" and _header_length(head) <= HEADER_LIMIT:
                reason = explain_tables({"": _read_safetensors(path, stream)}, wanted)
                kind = SAFETENSORS
            else:
                _refuse_other_formats(path, head)
                pickled = _read_zip(path) if head[:2] == b"PK" else read_pickles(stream)
                reason = _explain_pickle(pickled, wanted)
                kind = TORCH
    except OSError as why:
        raise LabError(f"{path}: no readable weights ({why.strerror})") from why
    if reason:
        raise LabError(f"{path}: {reason}")
    return kind


def explain_tables(
    tables: Mapping[str, Mapping[str, str]],
    wanted: Collection[str] | None = None,
    calls: str = "",
) -> str:
    """Say what keeps a file from being the weights of a ResNet-50.

    Parameters
    ----------
    tables : Mapping
        By where they lie in it, mappings from names to the kind of what they name.
    wanted : collection of str, optional
        Names that must be there; by default a ResNet-50's.
    calls : str
        What is refused of the calls that loading it would make.

    Returns
    -------
    str
        For people; empty if nothing does.
    """
    if wanted is not None and not wanted:
        return explain_any(tables, calls)
    if wrapping := explain_wrapping(tables, wanted):
        return f"{wrapping} (as it is: {calls.split(';')[0]})" if calls else wrapping
    place, _ = find_weights(tables, wanted or resnet50_names())
    return calls or explain_names(tables.get(place, {}), wanted)


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
    try:
        damaged = ""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip() or ""
    except Exception as why:  # on damaged bytes it raises all kinds
        raise LabError(f"{path}: {DAMAGED}") from why
    if damaged:
        raise LabError(f"{path}: damaged at {damaged}; {AGAIN}")
    facts = path.with_suffix(".json")
    try:
        known = read_json(facts).get("sha256") if facts.exists() else None
    except (OSError, ValueError, AttributeError) as why:
        raise LabError(
            f"{facts}: no readable JSON object; mend it or remove it"
        ) from why
    if known and sha256_file(path) != str(known).lower():
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


def _read_zip(path: Path) -> Pickled:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if what := _explain_archive(names):
                raise LabError(f"{path}: {what}")
            member = next(name for name in names if name.endswith("/data.pkl"))
            if archive.getinfo(member).file_size > HEADER_LIMIT:
                raise LabError(f"{path}: {DAMAGED}")
            with archive.open(member) as stream:
                return read_pickle(stream)  # type: ignore[arg-type]
    except (LabError, OSError):
        raise
    except Exception as why:  # on damaged bytes it raises all kinds
        raise LabError(f"{path}: {DAMAGED}") from why


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


def _read_safetensors(path: Path, stream: BinaryIO) -> dict[str, str]:
    size = path.stat().st_size
    length = _header_length(stream.read(8))
    try:
        header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        end = max(entry["data_offsets"][1] for entry in header.values())
        kinds = {name: str(entry["dtype"]) for name, entry in header.items()}
        if 8 + length + end != size:
            raise ValueError("another size than announced")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as why:
        raise LabError(f"{path}: {DAMAGED}") from why
    return {name: KINDS.get(kind, kind) for name, kind in kinds.items()}


def _explain_pickle(pickled: Pickled, wanted: Collection[str] | None) -> str:
    calls = _explain_calls(pickled.called)
    if not pickled.sound:
        return calls or DAMAGED
    tables = find_tables(pickled.content)
    if not pickled.by_torch and not calls:
        return (
            "a pickle that torch.save did not write; save a state dict with torch.save "
            "instead"
        )
    return explain_tables(tables, wanted, calls)


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
        worst = next((name for name in foreign if name != NAMESPACE), NAMESPACE)
        return (
            f"refused, loading it would run {worst}; take weights that you trust, "
            "saved as a state dict"
        )
    return ""
