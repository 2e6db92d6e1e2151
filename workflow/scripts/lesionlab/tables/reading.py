"""Read a table of text as some program saved it: its encoding and separator are found.

The Snakefile looks for tables while it plans, so this imports nothing heavy.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lesionlab.errors import LabError
from lesionlab.tables.names import plain

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MARKED = (  # byte order marks; that of UTF-32 begins like one of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
FOREIGN = (  # files that bear the name of a table and are none
    (b"PK\x03\x04", "is a workbook of Excel; save it as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "is a workbook of Excel; save it as CSV UTF-8"),
    (b"version https://git-lfs", "is a pointer of Git LFS; run `git lfs pull`"),
    (b"<", "is a web page or XML; download the table itself"),
    (b"{", "is JSON; save it as CSV UTF-8"),
    (b"[", "is JSON; save it as CSV UTF-8"),
    (b"\x1f\x8b", "is compressed; unpack it"),
)
HEAD = 1 << 16  # bytes that show the header
SAVE = "save it as CSV UTF-8"
ACCESS = "mend that, or move it away"


@dataclass(frozen=True)
class Table:
    """A table of text.

    Parameters
    ----------
    path : Path
        Where it stands.
    header : tuple of str
        Names of columns in lower case, with underscores for spaces.
    rows : list of list of str
        As many cells each as there are columns, as they are written.
    lines : list of int
        Number of the line in the file at which each row ends, from 1.
    encoding, separator : str
        What was found.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]
    encoding: str
    separator: str

    def column(self, name: str) -> list[str]:
        """Cells of a column, without what does not show."""
        return [plain(cell) for cell in self.written(name)]

    def written(self, name: str) -> list[str]:
        """Cells of a column as they are written."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def peek_header(path: Path) -> tuple[str, ...]:
    """Read the names of a table's columns, and nothing else.

    Parameters
    ----------
    path : Path
        A file that may be a table.

    Returns
    -------
    tuple of str
        As in :class:`Table`; one name where it is no table, none where it is empty.

    Raises
    ------
    LabError
        If it is no text.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(HEAD)
    except OSError as why:
        raise LabError(f"{path}: cannot be read ({why.strerror}); {ACCESS}") from why
    text = _decode(path, content, whole=len(content) < HEAD)[0]
    lines = _split_lines(path, text)[0]
    return clean_header(next(lines, (0, [""]))[1])


def read_table(path: Path) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        UTF-8, UTF-16 or, where only ASCII matters, an older encoding; separated by
        comma, semicolon, tab or bar.

    Returns
    -------
    Table
        Blank lines left out.

    Raises
    ------
    LabError
        Names the file and the line: no text, no row, a column that stands twice, a row
        with more or fewer cells than the header.
    """
    try:
        content = path.read_bytes()
    except OSError as why:
        raise LabError(f"{path}: cannot be read ({why.strerror}); {ACCESS}") from why
    text, encoding = _decode(path, content)
    found, separator = _split_lines(path, text)
    try:
        _, first = next(found)
    except StopIteration:
        raise LabError(f"{path}: empty; no table in it") from None
    header = clean_header(first)
    twice = [name for name, count in Counter(header).items() if name and count > 1]
    if twice:
        raise LabError(f"{path}: column {twice[0]} stands twice; keep one of them")
    rows, lines = [], []
    for line, cells in found:
        if any(cell.strip() for cell in cells[len(header) :]) or len(cells) < len(
            header
        ):
            raise LabError(
                f"{path}: line {line} has {len(cells)} cells, the header has "
                f"{len(header)}; mend that line (is the file whole?)"
            )
        rows.append(cells[: len(header)])
        lines.append(line)
    if not rows:
        raise LabError(f"{path}: no row under the header")
    return Table(path, header, rows, lines, encoding, SEPARATORS[separator])


def clean_header(cells: list[str]) -> tuple[str, ...]:
    """Spell names of columns in one way: lower case, underscores for spaces."""
    names = [re.sub(r"[\s\-]+", "_", plain(cell).lower()) for cell in cells]
    while names and not names[-1]:  # a separator at the end of each line
        names.pop()
    return tuple(names)


def _decode(path: Path, content: bytes, *, whole: bool = True) -> tuple[str, str]:
    """Decode a table, or its beginning, which may end within a letter."""

    def decode(encoding: str) -> str:
        return codecs.getincrementaldecoder(encoding)().decode(content, final=whole)

    for mark, encoding in MARKED:
        if content.startswith(mark):
            try:
                return decode(encoding), encoding.removesuffix("-sig")
            except UnicodeDecodeError as why:
                raise LabError(f"{path}: damaged {encoding} text; {SAVE}") from why
    for start, what in FOREIGN:
        if content.lstrip().startswith(start):
            raise LabError(f"{path}: {what}")
    if b"\0" in content:
        for encoding, zeros in (
            ("utf-16-le", content[1::2]),
            ("utf-16-be", content[::2]),
        ):
            if zeros.count(0) > 0.9 * len(zeros):
                try:
                    return decode(encoding), encoding
                except UnicodeDecodeError:
                    break
        raise LabError(f"{path}: no text (it holds zero bytes); {SAVE}")
    try:
        return decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _split_lines(path: Path, text: str) -> tuple[Iterator[tuple[int, list[str]]], str]:
    """Give each line that is not blank as cells, and the separator."""
    skip = 0
    if text[:4].lower() == "sep=":  # Excel's own way to say it
        skip = len(text) - len(text.partition("\n")[2])
    head = next((line for line in text[skip:].splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=head.count)

    def lines() -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(
            io.StringIO(text[skip:], newline=""),
            delimiter=separator,
            skipinitialspace=True,
            strict=True,
        )
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num + bool(skip), cells
        except csv.Error as why:
            raise LabError(
                f"{path}: line {reader.line_num}: {why}; mend the quotes of that line"
            ) from why

    return lines(), separator
