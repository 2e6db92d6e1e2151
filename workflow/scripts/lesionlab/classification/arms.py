"""Arms: what the classifier is shown of a photograph, as pure functions."""

from collections.abc import Callable

import numpy as np

Arm = Callable[[np.ndarray, np.ndarray], np.ndarray]


def original(photograph: np.ndarray, _mask: np.ndarray) -> np.ndarray:
    """Show the photograph as it is.

    Parameters
    ----------
    photograph : ndarray of uint8, shape (H, W, 3)
        RGB.
    _mask : ndarray of bool, shape (H, W)
        Not used.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB.
    """
    return photograph


def segmented(photograph: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Show the lesion alone: everything outside the mask is black.

    Parameters
    ----------
    photograph : ndarray of uint8, shape (H, W, 3)
        RGB.
    mask : ndarray of bool, shape (H, W)
        True on the lesion; an empty mask gives a black picture.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        RGB.
    """
    return np.asarray(photograph * mask[..., None])


ARMS: dict[str, Arm] = {"original": original, "segmented": segmented}
