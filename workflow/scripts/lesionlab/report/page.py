"""Fill the template of the report: one file that holds everything it shows."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

MIME = {".svg": "image/svg+xml", ".png": "image/png"}


def embed_picture(path: Path) -> str:
    """Turn a picture into a data address, so that the report needs no other file.

    Parameters
    ----------
    path : Path
        SVG or PNG.

    Returns
    -------
    str
        For the ``src`` of an image.
    """
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{MIME[path.suffix]};base64,{content}"


def fill_template(template: str, content: Mapping[str, Any]) -> str:
    """Fill the template; text is escaped and a missing name is an error.

    Parameters
    ----------
    template : str
        Jinja.
    content : Mapping
        What it names.

    Returns
    -------
    str
        HTML.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.from_string(template).render(**content)
