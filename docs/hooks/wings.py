"""What each wing of the library imports, beside what the architecture says of it."""

import re
from pathlib import Path


def add_imports(markdown: str, library: Path) -> str:
    """Give the table of wings a column of those that each imports.

    Parameters
    ----------
    markdown : str
        The page, with a table of the columns *wing* and *holds*.
    library : Path
        Folder of the package.

    Returns
    -------
    str
        The page, with a third column *imports*.
    """
    head = "| wing | holds |\n|---|---|\n"
    before, _, after = markdown.partition(head)
    rows, _, rest = after.partition("\n\n")
    wide = [
        f"{row} {', '.join(f'`{name}`' for name in _imports(library, row))} |"
        for row in rows.splitlines()
    ]
    head = "| wing | holds | imports |\n|---|---|---|\n"
    return before + head + "\n".join(wide) + "\n\n" + rest


def _imports(library: Path, row: str) -> list[str]:
    wing = row.split("`")[1]
    texts = [path.read_text(encoding="utf-8") for path in (library / wing).glob("*.py")]
    found = re.findall(r"^\s*from lesionlab\.(\w+)\.", "\n".join(texts), re.M)
    return sorted({*found} - {wing})
