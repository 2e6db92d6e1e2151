"""Fill the template of the report: one file that holds everything it shows."""

import base64
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from PIL import Image


def embed_picture(path: Path) -> str:
    """Turn a picture into a data address, so that the report needs no other file.

    Photographs are embedded as WebP, a third of the size; their PNG stays as it is.

    Parameters
    ----------
    path : Path
        SVG or PNG.

    Returns
    -------
    str
        For the ``src`` of an image.
    """
    kind, content = "svg+xml", path.read_bytes()
    if path.suffix == ".png":
        kind, webp = "webp", BytesIO()
        Image.open(path).convert("RGB").save(webp, "webp", quality=88)
        content = webp.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


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
