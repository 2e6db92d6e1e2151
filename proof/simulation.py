"""Predictions whose truth is known: lesions crossed with trainings.

The model of Roe and Metz (1997) for studies of many readers and cases, the trainings
being readers, with photographs clustered in lesions.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from lesionlab.comparison.trainings import Fold
from lesionlab.statistics.metrics import Outcome
from lesionlab.statistics.resampling import Lesions

ARMS = ("original", "segmented")
PHOTOGRAPHS = ((1, 2, 3), (0.72, 0.22, 0.06))  # of a lesion, as in HAM10000
SEPARATION = 2.0  # of the classes, in standard deviations: an AUC of 0.921
# variance of a score within a class, in all 1: of a lesion, of a lesion in an arm, of
# a lesion for a training, of a photograph, of a photograph for a training
PARTS = (0.35, 0.20, 0.10, 0.175, 0.175)


@dataclass(frozen=True)
class Design:
    """A study that is simulated again and again.

    Parameters
    ----------
    folds, seeds : int
        Trainings of each arm: seeds in each of the folds.
    positives, others : int
        Test photographs of a fold.
    noise : tuple of float
        Standard deviation of the separation of the classes between trainings, of each
        arm.
    difference : float
        True difference of the AUC, second arm minus first.
    parts : tuple of float
        As :data:`PARTS`.
    fold_noise : float
        Standard deviation of the separation between folds, of each arm: their trainings
        share the lesions that they trained on.
    """

    folds: int
    seeds: int
    positives: int
    others: int
    noise: tuple[float, float]
    difference: float = 0.0
    parts: tuple[float, ...] = PARTS
    fold_noise: float = 0.0

    def separations(self) -> tuple[float, float]:
        """Find the separation of each arm that gives the true difference.

        The expected AUC of a training is the chance that a photograph of the positive
        class outranks another, everything being drawn: the normal distribution function
        of the separation over the standard deviation of the difference of two scores
        (Roe and Metz, 1997).
        """
        fixed = self.fold_noise**2 + 2 * sum(self.parts)
        spreads = [np.sqrt(sd**2 + fixed) for sd in self.noise]
        auc = norm.cdf(SEPARATION / spreads[0])
        second = norm.ppf(auc + self.difference) * spreads[1]
        return SEPARATION, float(second)


def draw_lesions(
    design: Design, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the lesion and the class of each test photograph of a fold."""
    groups: list[np.ndarray] = []
    truth: list[np.ndarray] = []
    for label, wanted in enumerate((design.others, design.positives)):
        sizes = draw.choice(PHOTOGRAPHS[0], wanted, p=PHOTOGRAPHS[1])
        lesions = np.repeat(np.arange(wanted), sizes)[:wanted]
        groups.append(lesions + (groups[0].max() + 1 if groups else 0))
        truth.append(np.full(wanted, label))
    return np.concatenate(groups), np.concatenate(truth)


def draw_fold(design: Design, number: int, draw: np.random.Generator) -> Fold:
    """Draw the test photographs of a fold and what all trainings say of them.

    Parameters
    ----------
    design : Design
        The study.
    number : int
        Of the fold.
    draw : Generator
        Of everything.

    Returns
    -------
    Fold
        Of two classes, the second positive.
    """
    groups, truth = draw_lesions(design, draw)
    own, in_arm, of_training, photograph, left = np.sqrt(design.parts)
    count, lesions = len(truth), groups.max() + 1

    def vary(scale: float, *, by_lesion: bool) -> np.ndarray:
        values = draw.normal(0, scale, lesions if by_lesion else count)
        return values[groups] if by_lesion else values

    common = vary(own, by_lesion=True) + vary(photograph, by_lesion=False)
    outcomes = {}
    for arm, separation, noise in zip(
        ARMS, design.separations(), design.noise, strict=True
    ):
        shared = common + vary(in_arm, by_lesion=True)
        shared = shared + truth * draw.normal(0, design.fold_noise)
        for seed in range(1, design.seeds + 1):
            score = shared + truth * (separation + draw.normal(0, noise))
            score += vary(of_training, by_lesion=True) + vary(left, by_lesion=False)
            p = norm.cdf(score - separation / 2)
            both = np.stack([1 - p, p], axis=1)
            outcomes[arm, f"seed{seed}"] = Outcome(truth, both, positive=1)
    table = pd.DataFrame({"image_id": range(count), "label": truth, "group": groups})
    return Fold(f"fold{number}", table, outcomes, Lesions(groups, truth))


def draw_study(design: Design, draw: np.random.Generator) -> list[Fold]:
    """Draw all folds of one study."""
    return [draw_fold(design, number, draw) for number in range(design.folds)]
