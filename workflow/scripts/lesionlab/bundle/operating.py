"""Operating points: above which probability a photograph is sent on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from lesionlab.statistics.resampling import Lesions

CURVE = np.round(np.arange(0.50, 1.0, 0.01), 2)  # target sensitivities of the slider


def choose_threshold(scores: np.ndarray, sensitivity: float) -> float:
    """Choose the highest threshold that finds a wanted share.

    Parameters
    ----------
    scores : ndarray of float, shape (N,)
        Calibrated probability of the positive class, of photographs that show it.
    sensitivity : float
        The least share of them that shall reach the threshold, in 0..1.

    Returns
    -------
    float
        A photograph is sent on if its probability is at least this.
    """
    missed = int(np.floor((1 - sensitivity) * len(scores) + 1e-9))
    return float(np.sort(scores)[min(missed, len(scores) - 1)])


def score_threshold(
    sent: np.ndarray,
    truth: np.ndarray,
    groups: Sequence[str],
    *,
    positive: int,
    confidence: float,
    replicates: int,
    seed: int,
) -> dict[str, dict[str, float | None]]:
    """Score an operating point, with intervals over lesions.

    Parameters
    ----------
    sent : ndarray of bool, shape (N,)
        Whether each test photograph is sent on.
    truth : ndarray of int, shape (N,)
        Class numbers.
    groups : sequence of str
        Lesion of each photograph.
    positive : int
        Number of the positive class.
    confidence : float
        Of the intervals, in 0..1.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        ``sensitivity`` and ``specificity``, each ``value``, ``low``, ``high``; None
        where no photograph is of that kind.
    """
    lesions = Lesions(groups, truth)
    diseased = truth == positive
    right = {"sensitivity": (diseased, sent), "specificity": (~diseased, ~sent)}
    tail = (1 - confidence) / 2
    figures: dict[str, dict[str, float | None]] = {}
    for name, (meant, hit) in right.items():
        if not meant.any():
            figures[name] = dict.fromkeys(("value", "low", "high"))
            continue
        draws = lesions.draw(replicates, np.random.default_rng(seed))
        shares = np.concatenate(
            [weights[:, lesions.member[meant]] @ hit[meant] for weights in draws]
        )
        draws = lesions.draw(replicates, np.random.default_rng(seed))
        whole = np.concatenate(
            [weights[:, lesions.member[meant]].sum(axis=1) for weights in draws]
        )
        low, high = np.quantile(shares / whole, [tail, 1 - tail])
        bounds = [round(float(x), 6) for x in (hit[meant].mean(), low, high)]
        figures[name] = dict(zip(("value", "low", "high"), bounds, strict=True))
    return figures


def trace_curve(
    valid: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    *,
    positive: int,
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Say for many thresholds which share of each class is sent on.

    Parameters
    ----------
    valid, test : tuple of ndarray
        Calibrated probability of the positive class, shape (N,), and class numbers.
        Thresholds are chosen on the first and counted on the second.
    positive : int
        Number of the positive class.
    classes : sequence of str
        In the order of their numbers.

    Returns
    -------
    list of dict
        ``wanted`` sensitivity, ``threshold`` and ``sent``, the share of each class, or
        None where it has no test photograph.
    """
    scores, truth = valid
    diseased = scores[truth == positive]
    rows = []
    for wanted in CURVE:
        threshold = choose_threshold(diseased, float(wanted))
        sent = test[0] >= threshold
        of_class = {name: test[1] == number for number, name in enumerate(classes)}
        shares = {
            name: float(sent[meant].mean()) if meant.any() else None
            for name, meant in of_class.items()
        }
        rows.append({"wanted": float(wanted), "threshold": threshold, "sent": shares})
    return rows
