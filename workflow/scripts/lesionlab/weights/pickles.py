"""Read the pickles of a file of weights as data: what they would call is never called.

Every class and function that a pickle names is replaced by one that does nothing but
remember its name, so what is left are mappings, lists, texts and numbers.
"""

import pickle
from typing import Any, BinaryIO, NamedTuple

# with which a file of torch before version 1.6 begins; the fourth pickle is its content
MAGIC = 0x1950A86A20F9469CFC6C
PICKLES_BEFORE = 2
DEPTH = 4  # folders of a content, so to speak, in which weights are looked for
TENSORS = ("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2")
TYPED = "torch._utils._rebuild_tensor_v3"  # of kinds younger than storages of one kind
TYPED_KIND = 6  # place among its arguments
PARAMETER = "torch._utils._rebuild_parameter"
STORAGES = {
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.FloatStorage": "float32",
    "torch.DoubleStorage": "float64",
}


class Called:
    """Stands for what a call would have made, and takes whatever is put into it."""

    name = ""  # of what would have been called

    def __init__(self, *args: Any, **_options: Any) -> None:
        self.args = args

    def __setitem__(self, key: Any, value: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...

    def append(self, item: Any) -> None:
        """Take an item."""

    extend = add = update = append


class Table(dict[Any, Any]):
    """An OrderedDict, whose attributes a pickle cannot set."""

    def __setstate__(self, state: Any) -> None: ...


class Pickled(NamedTuple):
    """What a file of pickles holds."""

    content: Any
    called: list[str]  # what loading it would call
    by_torch: bool  # or it is a pickle that torch did not write
    sound: bool  # or it breaks off, and the content is not known


# that of Python: the one of C takes whatever memory a damaged pickle asks for
class _Reader(pickle._Unpickler):
    """Unpickles without calling anything."""

    def __init__(self, stream: BinaryIO, called: list[str]) -> None:
        super().__init__(stream, encoding="utf-8", errors="replace")
        self.called = called

    def find_class(self, module: str, name: str) -> type:
        """Give what stands for a class or function."""
        whole = f"{module}.{name}"
        self.called.append(whole)
        if whole == "collections.OrderedDict":
            return Table
        return type("Named", (Called,), {"name": whole})

    def persistent_load(self, pid: Any) -> Any:
        """Give the parts that describe a storage of numbers."""
        return pid


def read_pickle(stream: BinaryIO) -> Pickled:
    """Read the one pickle of a file of torch since version 1.6.

    Parameters
    ----------
    stream : BinaryIO
        Of ``data.pkl`` in the archive.

    Returns
    -------
    Pickled
        To be looked at by :func:`find_tables`.
    """
    return _read(stream, by_torch=True, count=1)


def read_pickles(stream: BinaryIO) -> Pickled:
    """Read a file of torch before version 1.6, or of pickle itself.

    Parameters
    ----------
    stream : BinaryIO
        At its start.

    Returns
    -------
    Pickled
        Of a file that torch did not write, the first pickle.
    """
    first = _read(stream, by_torch=False, count=1)
    if first.content != MAGIC:
        return first
    return _read(stream, by_torch=True, count=PICKLES_BEFORE + 1)


def _read(stream: BinaryIO, *, by_torch: bool, count: int) -> Pickled:
    called: list[str] = []
    try:
        for _ in range(count):
            content = _Reader(stream, called).load()
    except Exception:  # on damaged bytes it raises all kinds
        return Pickled(None, called, by_torch, sound=False)
    return Pickled(content, called, by_torch, sound=True)


def kind_of(value: Any) -> str:
    """Say of what kind the numbers of an array are, if a value of a pickle is one.

    Parameters
    ----------
    value : object
        Of the content of a :class:`Pickled`.

    Returns
    -------
    str
        Such as ``float32``; empty for anything but an array of torch.
    """
    name, args = getattr(value, "name", ""), getattr(value, "args", ())
    if name == PARAMETER and args:
        return kind_of(args[0])
    if name == TYPED and len(args) > TYPED_KIND:
        return str(getattr(args[TYPED_KIND], "name", "")).removeprefix("torch.")
    if name not in TENSORS or not args or not isinstance(args[0], tuple):
        return ""
    storage = next((getattr(part, "name", "") for part in args[0][1:2]), "")
    return STORAGES.get(storage) or str(storage).removeprefix("torch.")


def find_tables(content: Any) -> dict[str, dict[str, str]]:
    """Find the mappings that have names, wherever they lie in a content.

    Parameters
    ----------
    content : object
        Of a :class:`Pickled`.

    Returns
    -------
    dict
        By where it lies, such as ``""`` or ``"ema/state_dict"``, each mapping with the
        kind of what stands under each name, as :func:`kind_of` gives it.
    """
    tables: dict[str, dict[str, str]] = {}
    seen: set[int] = set()
    level = {"": content}
    for _ in range(DEPTH):
        inner: dict[str, Any] = {}
        for path, item in level.items():
            if id(item) in seen or not isinstance(item, dict | list | tuple):
                continue
            seen.add(id(item))
            pairs = list(item.items() if isinstance(item, dict) else enumerate(item))
            inner |= {f"{path}/{key}".lstrip("/"): value for key, value in pairs}
            if named := {k: kind_of(v) for k, v in pairs if isinstance(k, str)}:
                tables[path] = named
        level = inner
    return tables
