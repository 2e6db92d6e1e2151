"""Which version of LesionLab made a results folder: a digest of its scripts."""

import hashlib
from pathlib import Path

HEAD = "# made by LesionLab "
DIGITS = 12


def scripts_stamp(scripts: Path) -> str:
    """Digest all scripts and modules, whatever stage uses them.

    Parameters
    ----------
    scripts : Path
        The folder ``workflow/scripts``.

    Returns
    -------
    str
        12 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in sorted(scripts.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(scripts)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:DIGITS]


def is_of_another_version(config: Path, stamp: str) -> bool:
    """Say whether other scripts made the results beside an effective config.

    Parameters
    ----------
    config : Path
        ``config.yaml`` of the results; its first line bears the stamp, in those of
        older versions it does not.
    stamp : str
        From :func:`scripts_stamp`.

    Returns
    -------
    bool
        False where there are no results yet.
    """
    try:
        with config.open(encoding="utf-8", errors="replace") as stream:
            return stream.readline().strip() != f"{HEAD}{stamp}"
    except OSError:
        return False
