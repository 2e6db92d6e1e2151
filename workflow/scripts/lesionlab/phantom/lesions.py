"""Draw dermoscopic phantoms: lesions on skin whose class, mask and place are known.

Where the class shows (``signal``) is exact, not a tendency: a trait of the diagnosis
enters the lesion, the skin around it, both or neither, and nothing else hangs on it.

``misleading`` photographs show two lesions, of which the mask marks one. The other, the
decoy, looks like what the lesion is not: like a melanoma beside anything else, and like
anything else beside a melanoma. Both are drawn alike and placed by the toss of a coin.
So every photograph shows a melanoma beside a lesion that is none, whichever of the two
is meant: the whole photograph tells melanoma with an AUC of 0.5, however well a network
learns, and only the one that knows the mask can do better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lesionlab.phantom.painting import (
    add_artefacts,
    illuminate,
    outline,
    paint_lesion,
    paint_skin,
)
from lesionlab.randomness import PHANTOM_LESION, PHANTOM_PHOTOGRAPH, generator

DIAGNOSES = ("mel", "nv", "bkl", "bcc", "akiec", "vasc", "df")
SHARES = (0.24, 0.46, 0.12, 0.07, 0.05, 0.03, 0.03)
NEUTRAL = np.array([0.5, 0.35, 0.42, 0.42])
# darkness, redness, variegation, irregularity of the border: means in 0..1
TRAITS = {
    "mel": (0.85, 0.12, 0.85, 0.80),
    "nv": (0.50, 0.18, 0.12, 0.15),
    "bkl": (0.25, 0.55, 0.50, 0.40),
    "bcc": (0.18, 0.75, 0.35, 0.45),
    "akiec": (0.15, 0.85, 0.45, 0.55),
    "vasc": (0.30, 0.95, 0.15, 0.30),
    "df": (0.22, 0.60, 0.25, 0.20),
}
SPREAD = 0.10  # standard deviation of a trait among lesions of one diagnosis
SITES = ("back", "trunk", "lower extremity", "upper extremity", "abdomen", "face")


@dataclass(frozen=True)
class Look:
    """How a lesion looks, from whatever angle."""

    traits: np.ndarray
    radius: float
    aspect: float
    harmonics: np.ndarray


@dataclass(frozen=True)
class Lesion:
    """One lesion: what its photographs share."""

    number: int
    dx: str
    look: Look
    skin: np.ndarray
    photographs: int
    facts: dict[str, Any]


def draw_lesion(number: int, options: Mapping[str, Any]) -> Lesion:
    """Draw what makes a lesion; equal numbers and options give equal lesions.

    Parameters
    ----------
    number : int
        Of the lesion.
    options : Mapping
        The section ``dataset.phantom`` of the config.

    Returns
    -------
    Lesion
        Its class shows in its look, in its skin, in both or nowhere (``signal``).
    """
    draw = generator(PHANTOM_LESION, options["seed"], number)
    dx = str(draw.choice(DIAGNOSES, p=SHARES))
    in_lesion = options["signal"] in ("lesion", "both", "misleading")
    in_skin = options["signal"] in ("background", "both")
    # without a class signal, skins differ as much as with one
    tone = draw.normal(0, 0.06, 2)
    if in_skin:
        tone = options["strength"] * (np.array(TRAITS[dx]) - NEUTRAL)[:2]
    return Lesion(
        number=number,
        dx=dx,
        look=_draw_look(draw, dx if in_lesion else None, options["strength"]),
        skin=tone + draw.normal(0, 0.6 * SPREAD, 2),
        photographs=int(draw.choice([1, 2, 3], p=[0.62, 0.28, 0.10])),
        facts={
            "lesion_id": f"PHM_{number:07d}",
            "dx": dx,
            "dx_type": "histo"
            if dx == "mel"
            else str(draw.choice(["histo", "follow_up"])),
            "age": float(5 * draw.integers(4, 18)),
            "sex": str(draw.choice(["male", "female"])),
            "localization": str(draw.choice(SITES)),
        },
    )


def _draw_look(draw: np.random.Generator, dx: str | None, strength: float) -> Look:
    """Draw the look of a lesion of a diagnosis, or of one that hides its own."""
    # without a class signal, lesions differ as much as with one
    shown = draw.normal(0, 0.25, 4)
    if dx is not None:
        shown = strength * (np.array(TRAITS[dx]) - NEUTRAL)
    traits = np.clip(NEUTRAL + shown + draw.normal(0, SPREAD, 4), 0, 1)
    orders = np.arange(2, 9)
    size = (0.02 + 0.16 * traits[3]) / orders**0.7
    waves = size * draw.normal(0, 1, len(orders))
    return Look(
        traits=traits,
        radius=float(draw.uniform(0.28, 0.43)),
        aspect=float(draw.uniform(0.72, 1.0)),
        harmonics=np.stack([waves, draw.uniform(0, 2 * np.pi, len(orders))]),
    )


def _draw_decoy(draw: np.random.Generator, dx: str, options: Mapping[str, Any]) -> Look:
    """Draw a lesion that looks like what a lesion of this diagnosis is not."""
    others = np.array(SHARES[1:]) / sum(SHARES[1:])
    decoy = str(draw.choice(DIAGNOSES[1:], p=others)) if dx == "mel" else "mel"
    return _draw_look(draw, decoy, options["strength"])


def draw_photograph(
    lesion: Lesion, view: int, options: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one photograph of a lesion: its own angle, zoom, light, hair and ruler.

    Parameters
    ----------
    lesion : Lesion
        From :func:`draw_lesion`.
    view : int
        Number of the photograph.
    options : Mapping
        The section ``dataset.phantom`` of the config.

    Returns
    -------
    photograph : ndarray of uint8, shape (height, width, 3)
        RGB.
    mask : ndarray of bool, shape (height, width)
        True on the lesion.
    """
    draw = generator(PHANTOM_PHOTOGRAPH, options["seed"], lesion.number, view)
    height, width = options["height"], options["width"]
    picture = paint_skin(draw, lesion.skin, height=height, width=width)
    mask = np.zeros((height, width), bool)
    frames = [slice(0, width)]
    looks = [lesion.look]
    if options["signal"] == "misleading":
        frames = [slice(0, width // 2), slice(width - width // 2, width)]
        frames = frames[:: int(draw.choice([1, -1]))]
        looks.append(_draw_decoy(draw, lesion.dx, options))
    for look, frame in zip(looks, frames, strict=True):
        inside = _paint(look, draw, picture[:, frame])
        if look is lesion.look:
            mask[:, frame] = inside
    picture = add_artefacts(picture, draw)
    picture *= illuminate(draw, height=height, width=width)
    picture += draw.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), mask


def _paint(look: Look, draw: np.random.Generator, frame: np.ndarray) -> np.ndarray:
    """Paint a lesion into a part of the picture; gives where it lies."""
    height, width = frame.shape[:2]
    depth = outline(
        draw,
        look.harmonics,
        radius=look.radius,
        aspect=look.aspect,
        height=height,
        width=width,
    )
    inside = depth > 0
    frame[inside] = paint_lesion(draw, look.traits, depth)[inside]
    return inside
