"""Resample lesions: what the same networks would show on other lesions.

Photographs of a lesion go together, and lesions are drawn within their class, as the
test sets are.
"""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from lesionlab.statistics.metrics import METRICS, Outcome

CHUNK_BYTES = 32 * 2**20


class Lesions:
    """The lesions behind the photographs of a test set.

    Parameters
    ----------
    groups : sequence of str, or ndarray
        Group of each of the N photographs.
    truth : ndarray of int, shape (N,)
        Class of each photograph; a lesion has the class of its first one.
    """

    def __init__(self, groups: Sequence[str] | np.ndarray, truth: np.ndarray) -> None:
        names = np.asarray(groups, str)
        _, first, member = np.unique(names, return_index=True, return_inverse=True)
        self.member = member
        self.stratum = np.asarray(truth)[first]
        self.count = len(first)

    def size_of_stratum(self) -> np.ndarray:
        """Count the lesions in the class of each lesion, shape (L,)."""
        return np.asarray(np.bincount(self.stratum)[self.stratum])

    def draw(
        self, replicates: int, generator: np.random.Generator
    ) -> Iterator[np.ndarray]:
        """Draw bootstrap weights, some replicates at a time.

        Of the m lesions of a class m - 1 are drawn with replacement and weighted by
        m / (m - 1), so that the variance of a mean is not m - 1 to m too small (Rao and
        Wu, 1988). The one lesion of a class always counts once: its own chance cannot
        be seen.

        Parameters
        ----------
        replicates : int
            In all.
        generator : Generator
            Equal ones give equal draws, whatever is scored: so differences are paired.

        Yields
        ------
        ndarray of float, shape (r, L)
            Weights of the lesions.
        """
        step = max(1, CHUNK_BYTES // (8 * self.count))
        for start in range(0, replicates, step):
            rows = min(step, replicates - start)
            weights = np.ones((rows, self.count))
            for stratum in np.unique(self.stratum):
                own = np.flatnonzero(self.stratum == stratum)
                m = len(own)
                if m < 2:
                    continue
                drawn = generator.integers(m, size=(rows, m - 1))
                cells = drawn + m * np.arange(rows)[:, None]
                counts = np.bincount(cells.ravel(), minlength=rows * m)
                weights[:, own] = counts.reshape(rows, m) * (m / (m - 1))
            yield weights

    def leave_out(self) -> Iterator[np.ndarray]:
        """Weights that leave out one lesion after another, some rows at a time.

        The other lesions of its class count for it, so that the classes keep their
        shares.

        Yields
        ------
        ndarray of float, shape (r, L)
            Weights of the lesions; rows in their order.
        """
        sizes = self.size_of_stratum()
        step = max(1, CHUNK_BYTES // (8 * self.count))
        for start in range(0, self.count, step):
            left = np.arange(start, min(self.count, start + step))
            m = np.maximum(2, sizes[left])
            same = self.stratum[left][:, None] == self.stratum
            weights = np.where(same, (m / (m - 1))[:, None], 1.0)
            weights[np.arange(len(left)), left] = 0
            yield weights


def bootstrap(
    outcomes: Sequence[Outcome],
    lesions: Lesions,
    *,
    replicates: int,
    generator: np.random.Generator,
    metrics: Collection[str] = METRICS,
) -> list[dict[str, np.ndarray]]:
    """Score several outcomes of the same photographs under the same draws.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of the photographs of `lesions`.
    lesions : Lesions
        Drawn together.
    replicates : int
        Number of draws R.
    generator : Generator
        Of the draws.
    metrics : collection of str
        To be scored.

    Returns
    -------
    list of dict of ndarray of float, shape (R,)
        For each outcome, by metric; NaN where undefined.
    """
    return _score_all(outcomes, lesions, lesions.draw(replicates, generator), metrics)


def deviations(
    outcomes: Sequence[Outcome],
    lesions: Lesions,
    *,
    metrics: Collection[str] = METRICS,
) -> list[dict[str, np.ndarray]]:
    """Scaled jackknife deviations of each lesion.

    The sum of their products is the jackknife estimate of a covariance over lesions,
    stratified by class (Efron and Tibshirani, 1993, chapter 11; Shao and Tu, 1995); for
    the AUC it is, but for terms of order 1/m, that of Obuchowski (1997).

    Parameters
    ----------
    outcomes, lesions, metrics
        As in :func:`bootstrap`.

    Returns
    -------
    list of dict of ndarray of float, shape (L,)
        For each outcome, by metric; NaN where the metric is undefined without the one
        lesion of a class. Where it is defined, that lesion has its plain deviation.
    """
    sizes = lesions.size_of_stratum()
    scale = np.sqrt(np.maximum(1, sizes - 1) / sizes)
    rows = _score_all(outcomes, lesions, lesions.leave_out(), metrics)
    totals = np.maximum(1, np.bincount(lesions.stratum))

    def centre(values: np.ndarray, whole: float) -> np.ndarray:
        means = np.bincount(lesions.stratum, values) / totals
        centres = np.where(sizes > 1, means[lesions.stratum], whole)
        return np.asarray((values - centres) * scale)

    wholes = [outcome.score(metrics=metrics) for outcome in outcomes]
    return [
        {name: centre(values, whole[name][0]) for name, values in row.items()}
        for row, whole in zip(rows, wholes, strict=True)
    ]


def _score_all(
    outcomes: Sequence[Outcome],
    lesions: Lesions,
    weights: Iterator[np.ndarray],
    metrics: Collection[str],
) -> list[dict[str, np.ndarray]]:
    nothing = dict.fromkeys(metrics, np.empty(0))
    parts = [[nothing] for _ in outcomes]
    for chunk in weights:
        for part, outcome in zip(parts, outcomes, strict=True):
            part.append(outcome.score(chunk, lesions.member, metrics=metrics))
    return [
        {name: np.concatenate([p[name] for p in part]) for name in metrics}
        for part in parts
    ]
