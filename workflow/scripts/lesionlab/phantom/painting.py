"""Paint what a phantom photograph shows: skin, lesions, hair, a ruler, light."""

import cv2
import numpy as np

SKIN = np.array([226.0, 188.0, 168.0])
TAN = np.array([182.0, 132.0, 100.0])
BROWN = np.array([112.0, 70.0, 50.0])
BLACK = np.array([52.0, 38.0, 42.0])
RED = np.array([188.0, 78.0, 84.0])
BLUE_GREY = np.array([98.0, 104.0, 128.0])
ANGLES = np.linspace(0, 2 * np.pi, 721)


def outline(
    draw: np.random.Generator,
    harmonics: np.ndarray,
    *,
    radius: float,
    aspect: float,
    height: int,
    width: int,
) -> np.ndarray:
    """Place a lesion in a frame: each photograph has its own angle, zoom and place.

    The outline is stretched into the bounding box of its plain ellipse: place and size
    of the box hang on no trait, and what is irregular shows inside it alone.

    Parameters
    ----------
    draw : Generator
        Of the photograph.
    harmonics : ndarray of float, shape (2, K)
        Size and phase of the border's waves of order 2, 3, ...
    radius, aspect : float
        Of the ellipse: its longer half axis as a share of the frame's shorter side
        (up to 0.43, to lie inside whatever is drawn), and the ratio of its axes.
    height, width : int
        Of the frame in pixels.

    Returns
    -------
    ndarray of float, shape (height, width)
        How deep a pixel lies inside, as a share of the half axis; negative outside.
    """
    radius *= min(height, width) * draw.uniform(0.93, 1.07)
    centre = np.array([width, height]) * (0.5 + draw.uniform(-0.04, 0.04, 2))
    turn = draw.uniform(0, 2 * np.pi)
    cos, sin = np.cos(turn), np.sin(turn)
    orders = np.arange(2, 2 + harmonics.shape[1])[:, None]
    size, phase = harmonics[..., None]
    border = 1 + (size * np.cos(orders * ANGLES + phase)).sum(axis=0)
    across, along = border * np.cos(ANGLES), aspect * border * np.sin(ANGLES)
    plain = np.hypot(cos, aspect * sin), np.hypot(sin, aspect * cos)
    grid = []
    for axis, (curve, half) in enumerate(
        zip(
            (cos * across - sin * along, sin * across + cos * along), plain, strict=True
        )
    ):
        line = (np.arange((width, height)[axis]) - centre[axis]) / (radius * half)
        grid.append((line * np.ptp(curve) + curve.min() + curve.max()) / 2)
    x, y = grid[0][None, :], grid[1][:, None]
    u, v = cos * x + sin * y, (cos * y - sin * x) / aspect
    angle = np.arctan2(v, u) % (2 * np.pi)
    return np.asarray(np.interp(angle, ANGLES, border) - np.hypot(u, v))


def paint_skin(
    draw: np.random.Generator, tone: np.ndarray, *, height: int, width: int
) -> np.ndarray:
    """Paint skin; `tone` is how much darker and redder than usual it is.

    Returns float (height, width, 3), RGB in 0..255.
    """
    base = SKIN - 70 * tone[0] + np.array([12.0, -60.0, -50.0]) * tone[1]
    mottle = 5 * _noise(draw, height, width, 5) + 2.5 * _noise(draw, height, width, 40)
    warmth = _noise(draw, height, width, 8)[..., None] * np.array([2.0, -2.0, -2.0])
    return np.asarray(base + mottle[..., None] + warmth)


def paint_lesion(
    draw: np.random.Generator, traits: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """Paint a lesion over its whole frame.

    Its rim fades to the usual skin, never to the skin around it: so cut out, a lesion
    holds nothing of its background, and nothing of it lies outside of its mask.

    Parameters
    ----------
    draw : Generator
        Of the photograph.
    traits : ndarray of float, shape (4,)
        Darkness, redness, variegation and irregularity in 0..1.
    depth : ndarray of float, shape (height, width)
        From :func:`outline`.

    Returns
    -------
    ndarray of float, shape (height, width, 3)
        RGB in 0..255.
    """
    height, width = depth.shape
    darkness, redness, variegation, irregularity = traits
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
    picture += 4 * _noise(draw, height, width, 30)[..., None]
    softness = 0.03 + 0.05 * (1 - irregularity)
    alpha = 1 / (1 + np.exp(-np.clip(depth / softness, -30, 30)))
    return np.asarray(SKIN + alpha[..., None] * (picture - SKIN))


def _noise(
    draw: np.random.Generator, height: int, width: int, cells: int
) -> np.ndarray:
    """Smooth noise of unit variance with about so many cells across."""
    rows = max(2, round(cells * height / width))
    coarse = draw.normal(0, 1, (rows + 3, cells + 3)).astype(np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine, np.float64) / max(1e-6, float(fine.std()))


def _warp(draw: np.random.Generator, height: int, width: int, axis: int) -> np.ndarray:
    line = np.mgrid[:height, :width][axis] * (2 * np.pi * 22 / width)
    return np.asarray(line + 1.2 * _noise(draw, height, width, 9))


def add_artefacts(picture: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Lay hair and a ruler over a picture, now and then; gives float of its shape."""
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


def illuminate(draw: np.random.Generator, *, height: int, width: int) -> np.ndarray:
    """Draw the light: factors (height, width, 3) of slope, vignette and tint."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    slope = draw.uniform(-0.06, 0.06, 2)
    vignette = draw.uniform(0, 0.35) * np.clip(np.hypot(x, y) - 0.8, 0, None)
    light = draw.uniform(0.9, 1.08) * (1 + slope[0] * x + slope[1] * y - vignette)
    tint = 1 + draw.normal(0, 0.015, 3)
    return np.asarray(light[..., None] * tint)
