"""Where every draw gets its stream: keyed by what it is for, and by nothing near it.

A list of numbers is no safe key for numpy: ``SeedSequence`` pads it with zeros, so
``[7, 3]`` and ``[7, 3, 0]`` are one stream. And a seed that is counted on
(``seed + 1``) meets the next one. So a key is hashed whole, what the draw is for at its
head.
"""

import hashlib
import json

import numpy as np

ARM_SHEET = "arm sheet"
BOOTSTRAP = "bootstrap"
CLASSIFIER_AUGMENTATION = "classifier augmentation"
CLASSIFIER_NETWORK = "classifier network"
CLASSIFIER_ORDER = "classifier order"
CLASSIFIER_WEIGHTS = "classifier weights"
PHANTOM_LESION = "phantom lesion"
PHANTOM_PHOTOGRAPH = "phantom photograph"
SAMPLE_SHEET = "sample sheet"
SPLIT_FOLDS = "split folds"
SPLIT_SET = "split set"
UNET_AUGMENTATION = "unet augmentation"
UNET_DROPOUT = "unet dropout"
UNET_FLIPS = "unet flips"
UNET_NETWORK = "unet network"
UNET_ORDER = "unet order"
UNET_WEIGHTS = "unet weights"


def generator(purpose: str, *key: int | str) -> np.random.Generator:
    """Make the generator of one draw, whatever other draws there are.

    Parameters
    ----------
    purpose : str
        What the draw is for: one of this module's constants.
    *key : int or str
        All that the draw depends on, always in the same order: a seed, a fold, a row.

    Returns
    -------
    Generator
        Equal keys give equal streams, any two others independent ones.

    Raises
    ------
    TypeError
        If a part of the key is neither a whole number nor a text.
    """
    return np.random.default_rng(int.from_bytes(_digest(purpose, key), "little"))


def derive_seed(purpose: str, *key: int | str) -> int:
    """Make a seed for a library that draws on its own; see :func:`generator`.

    Parameters
    ----------
    purpose : str
        What the draws are for: one of this module's constants.
    *key : int or str
        All that they depend on.

    Returns
    -------
    int
        32 bits, which torch, scikit-learn and Keras take, but Keras on torch.

    Raises
    ------
    TypeError
        If a part of the key is neither a whole number nor a text.
    """
    return int.from_bytes(_digest(purpose, key)[:4], "little")


def _digest(purpose: str, key: tuple[int | str, ...]) -> bytes:
    """SHA-256 of the key as JSON, in which 1 and "1", and [1, 0] and [1], differ."""
    for part in key:
        if isinstance(part, bool) or not isinstance(part, int | str):
            raise TypeError(f"{purpose}: {part!r} is no key: give an int or a str")
    return hashlib.sha256(json.dumps([purpose, *key]).encode()).digest()
