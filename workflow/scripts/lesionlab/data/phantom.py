"""Draw dermoscopic phantoms: lesions on skin whose class, mask and place are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from lesionlab.randomness import PHANTOM_LESION, PHANTOM_PHOTOGRAPH, generator

DIAGNOSES = ("mel", "nv", "bkl", "bcc", "akiec", "vasc", "df")
SHARES = (0.24, 0.46, 0.12, 0.07, 0.05, 0.03, 0.03)
NEUTRAL = (0.5, 0.35, 0.42, 0.42)
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
SKIN = np.array([226.0, 188.0, 168.0])
TAN = np.array([182.0, 132.0, 100.0])
BROWN = np.array([112.0, 70.0, 50.0])
BLACK = np.array([52.0, 38.0, 42.0])
RED = np.array([188.0, 78.0, 84.0])
BLUE_GREY = np.array([98.0, 104.0, 128.0])
SITES = ("back", "trunk", "lower extremity", "upper extremity", "abdomen", "face")


@dataclass(frozen=True)
class Lesion:
    """One lesion: what its photographs share."""

    number: int
    dx: str
    traits: np.ndarray
    skin: np.ndarray
    radius: float
    aspect: float
    harmonics: np.ndarray
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
        Its class shows in its traits, in its skin, in both or nowhere (``signal``).
    """
    draw = generator(PHANTOM_LESION, options["seed"], number)
    dx = str(draw.choice(DIAGNOSES, p=SHARES))
    noise, skin_noise = draw.normal(0, SPREAD, 4), draw.normal(0, SPREAD, 2)
    neutral = np.array(NEUTRAL)
    shown = neutral + options["strength"] * (np.array(TRAITS[dx]) - neutral)
    in_lesion = options["signal"] in ("lesion", "both")
    in_skin = options["signal"] in ("background", "both")
    # without a class signal, lesions differ as much as with one
    other = neutral + draw.normal(0, 0.25, 4)
    traits = np.clip((shown if in_lesion else other) + noise, 0, 1)
    skin = (shown[:2] if in_skin else neutral[:2] + draw.normal(0, 0.06, 2)) + (
        skin_noise * 0.6
    )
    orders = np.arange(2, 9)
    size = (0.02 + 0.16 * traits[3]) / orders**0.7
    harmonics = np.stack(
        [size * draw.normal(0, 1, len(orders)), draw.uniform(0, 2 * np.pi, len(orders))]
    )
    return Lesion(
        number=number,
        dx=dx,
        traits=traits,
        skin=np.clip(skin, 0, 1),
        radius=float(draw.uniform(0.20, 0.36)),
        aspect=float(draw.uniform(0.72, 1.0)),
        harmonics=harmonics,
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
    distance, angle = _polar(lesion, draw, height=height, width=width)
    orders = np.arange(2, 2 + lesion.harmonics.shape[1])[:, None, None]
    size, phase = lesion.harmonics[:, :, None, None]
    border = 1 + (size * np.cos(orders * angle + phase)).sum(axis=0)
    depth = border - distance  # positive inside
    mask = depth > 0
    softness = 0.03 + 0.05 * (1 - lesion.traits[3])
    alpha = 1 / (1 + np.exp(-np.clip(depth / softness, -30, 30)))
    skin = _paint_skin(lesion, draw, height=height, width=width)
    inside = _paint_lesion(lesion, draw, depth)
    picture = skin + alpha[..., None] * (inside - skin)
    picture = _add_artefacts(picture, draw)
    picture *= _illuminate(draw, height=height, width=width)
    picture += draw.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), mask


def _polar(
    lesion: Lesion, draw: np.random.Generator, *, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    radius = lesion.radius * height * draw.uniform(0.9, 1.12)
    centre = np.array([width, height]) * (0.5 + draw.uniform(-0.1, 0.1, 2))
    turn = draw.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x, y = (x - centre[0]) / radius, (y - centre[1]) / radius
    u = np.cos(turn) * x + np.sin(turn) * y
    v = (np.cos(turn) * y - np.sin(turn) * x) / lesion.aspect
    return np.hypot(u, v), np.arctan2(v, u)


def _noise(
    draw: np.random.Generator, height: int, width: int, cells: int
) -> np.ndarray:
    """Smooth noise of unit variance with about so many cells across."""
    rows = max(2, round(cells * height / width))
    coarse = draw.normal(0, 1, (rows + 3, cells + 3)).astype(np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine, np.float64) / max(1e-6, float(fine.std()))


def _paint_skin(
    lesion: Lesion, draw: np.random.Generator, *, height: int, width: int
) -> np.ndarray:
    dark, red = lesion.skin - np.array(NEUTRAL[:2])
    base = SKIN - 70 * dark + np.array([12.0, -60.0, -50.0]) * red
    mottle = 5 * _noise(draw, height, width, 5) + 2.5 * _noise(draw, height, width, 40)
    warmth = _noise(draw, height, width, 8)[..., None] * np.array([2.0, -2.0, -2.0])
    return np.asarray(base + mottle[..., None] + warmth)


def _paint_lesion(
    lesion: Lesion, draw: np.random.Generator, depth: np.ndarray
) -> np.ndarray:
    height, width = depth.shape
    darkness, redness, variegation, _ = lesion.traits
    brown = TAN + np.clip(2 * darkness, 0, 1) * (BROWN - TAN)
    brown += np.clip(2 * darkness - 1, 0, 1) * (BLACK - BROWN)
    base = brown + redness * 0.85 * (RED - brown)
    patches = 1 / (1 + np.exp(-4 * _noise(draw, height, width, 7)))
    veil = 1 / (1 + np.exp(-5 * (_noise(draw, height, width, 5) - 0.6)))
    picture = np.broadcast_to(base, (height, width, 3)).copy()
    picture += (variegation * 0.75 * patches)[..., None] * (TAN + 15 - base)
    picture += (variegation * 0.7 * veil * (darkness > 0.5))[..., None] * (
        BLUE_GREY - picture
    )
    network = np.sin(_warp(draw, height, width, axis=0))
    network = network * np.sin(_warp(draw, height, width, axis=1))
    fade = np.clip(1 - 0.6 * depth, 0.2, 1)
    picture -= (14 * network * (1 - redness) * fade)[..., None]
    return np.asarray(picture + 4 * _noise(draw, height, width, 30)[..., None])


def _warp(draw: np.random.Generator, height: int, width: int, axis: int) -> np.ndarray:
    line = np.mgrid[:height, :width][axis] * (2 * np.pi * 22 / width)
    return np.asarray(line + 1.2 * _noise(draw, height, width, 9))


def _add_artefacts(picture: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    canvas = np.ascontiguousarray(np.clip(picture, 0, 255), np.float32)
    height, width = canvas.shape[:2]
    hairs = int(draw.integers(1, 12)) if draw.random() < 0.4 else 0
    for _ in range(hairs):
        start, end = draw.uniform(-0.1, 1.1, (2, 2)) * (width, height)
        bend = (start + end) / 2 + draw.normal(0, 0.12 * width, 2)
        t = np.linspace(0, 1, 24)[:, None]
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        points = (curve * 16).astype(np.int32)
        colour = tuple(float(c) for c in draw.uniform(25, 60) * np.array([1, 0.8, 0.7]))
        cv2.polylines(canvas, [points], False, colour, 1, cv2.LINE_AA, shift=4)
    if draw.random() < 0.2:
        for mark, x in enumerate(range(0, width, max(4, width // 25))):
            length = height // (14 if mark % 5 else 8)
            cv2.line(canvas, (x, height - 1), (x, height - length), (40, 40, 40), 1)
    return canvas.astype(np.float64)


def _illuminate(draw: np.random.Generator, *, height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    slope = draw.uniform(-0.06, 0.06, 2)
    vignette = draw.uniform(0, 0.35) * np.clip(np.hypot(x, y) - 0.8, 0, None)
    light = draw.uniform(0.9, 1.08) * (1 + slope[0] * x + slope[1] * y - vignette)
    tint = 1 + draw.normal(0, 0.015, 3)
    return np.asarray(light[..., None] * tint)
