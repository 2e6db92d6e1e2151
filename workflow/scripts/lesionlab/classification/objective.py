"""What a classifier is asked for: which pictures, how often, and by what loss."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy


def balanced_order(labels: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """Draw an epoch in which every class is shown equally often.

    Of a class that has too many, an epoch shows some; one that has too few is gone
    through again and again, each time in another order.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        Class of each picture of the training set.
    stream : Generator
        Of this epoch.

    Returns
    -------
    ndarray of int
        Showings, about n of them: row + k n is that of a row in round k.
    """
    classes = np.unique(labels)
    share = -(-len(labels) // len(classes))
    parts = []
    for label in classes:
        rows = np.flatnonzero(labels == label)
        rounds = [
            stream.permutation(rows) + number * len(labels)
            for number in range(-(-share // len(rows)))
        ]
        parts.append(np.concatenate(rounds)[:share])
    return stream.permutation(np.concatenate(parts))


def count_rounds(labels: np.ndarray) -> int:
    """Count how often :func:`balanced_order` shows a picture of the rarest class.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        Class of each picture of the training set.

    Returns
    -------
    int
        At least 1.
    """
    counts = np.unique(labels, return_counts=True)[1]
    share = -(-len(labels) // len(counts))
    return int(-(-share // counts.min()))


def weigh_classes(labels: torch.Tensor, classes: int) -> torch.Tensor:
    """Weigh classes by the inverse of their share, a mean picture by 1.

    Parameters
    ----------
    labels : Tensor of int64, shape (n,)
        Of the training set.
    classes : int
        Number of classes; each is there.

    Returns
    -------
    Tensor of float32, shape (classes,)
        n / (classes * n of the class), as scikit-learn's ``balanced``.
    """
    counts = torch.bincount(labels, minlength=classes)
    return len(labels) / (classes * counts.float())


def classification_loss(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    options: Mapping[str, Any],
    weights: torch.Tensor | None,
) -> torch.Tensor:
    """Mean loss of a batch.

    Parameters
    ----------
    logits : Tensor of float, shape (B, C)
        Of the network.
    targets : Tensor, int64 (B,) or float32 (B, C)
        Class numbers, or shares of classes where pictures are mixed.
    options : Mapping
        ``label_smoothing`` (Szegedy et al., 2016) and ``focal``, the exponent gamma of
        (1 - p)^gamma times the cross-entropy, p being the probability of the truth (Lin
        et al., 2017).
    weights : Tensor of float32, shape (C,), or None
        Of the classes.

    Returns
    -------
    Tensor
        A scalar.
    """
    smoothing, gamma = options["label_smoothing"], options["focal"]
    if not gamma:
        return cross_entropy(logits, targets, weights, label_smoothing=smoothing)
    each = cross_entropy(
        logits, targets, weights, label_smoothing=smoothing, reduction="none"
    )
    p = logits.float().softmax(1)
    mixed = targets.ndim == 2
    truth = (p * targets).sum(1) if mixed else p.gather(1, targets[:, None])[:, 0]
    # at 1 the gradient of a power below 1 is no number
    loss: torch.Tensor = ((1 - truth).clamp_min(1e-6) ** gamma * each).mean()
    return loss
