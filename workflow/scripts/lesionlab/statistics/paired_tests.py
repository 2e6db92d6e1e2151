"""Tests of two arms on the same photographs, of which a lesion may have several."""

from typing import Any

import numpy as np
from scipy.stats import chi2, norm, rankdata

from lesionlab.errors import LabError

# The variance of a difference is far above it, the rounding of what never varies below.
ROUNDING = 1e-24


def compare_auc(
    truth: np.ndarray, score_a: np.ndarray, score_b: np.ndarray, cluster: np.ndarray
) -> dict[str, float | None]:
    """Test whether two correlated AUCs differ, photographs of a lesion being dependent.

    The test of Obuchowski (1997, Biometrics 53:567-578), the clustered form of DeLong,
    DeLong and Clarke-Pearson (1988, Biometrics 44:837-845), which it is where every
    cluster has one photograph. Of several trainings an arm, the mean of their AUCs is
    compared: an AUC is linear in its structural components, so that their mean over the
    trainings is that of the mean AUC. The test is about these trainings on
    other lesions; it knows nothing of other trainings. As every test by the normal
    distribution it rejects too often where lesions are few.

    Parameters
    ----------
    truth : ndarray of bool, shape (N,)
        Whether a photograph is of the positive class.
    score_a, score_b : ndarray of float, shape (N,) or (T, N)
        Of each arm, one row a training; higher is more positive. The arms may have
        unlike numbers of trainings.
    cluster : ndarray, shape (N,)
        Lesion of each photograph, of any sortable type; one may hold both classes.

    Returns
    -------
    dict
        ``auc_a``, ``auc_b``, ``difference`` (b minus a), its standard error ``se``,
        ``z`` and the two-sided ``p_value``. None where undefined: all of them if a
        class is absent; the last three if a class has fewer than two clusters, or if
        the difference has no variance, as that of equal rankings has none.

    Raises
    ------
    LabError
        If a score is not a finite number.
    """
    test: dict[str, float | None] = dict.fromkeys(
        ("auc_a", "auc_b", "difference", "se", "z", "p_value")
    )
    truth, cluster = np.asarray(truth, bool), np.asarray(cluster)
    if truth.all() or not truth.any():
        return test
    parts = [place_scores(truth, score) for score in (score_a, score_b)]
    v10, v01 = (np.stack(arms) for arms in zip(*parts, strict=True))
    auc_a, auc_b = v10.mean(axis=1)
    difference = float(auc_b - auc_a)
    test |= {"auc_a": float(auc_a), "auc_b": float(auc_b), "difference": difference}
    # Subtracted before they are squared: equal rankings then differ by exactly 0.
    estimate = estimate_covariance(
        np.diff(v10, axis=0), np.diff(v01, axis=0), cluster[truth], cluster[~truth]
    )
    if estimate is None:
        return test
    variance = float(estimate["covariance"][0, 0])
    if variance > ROUNDING:
        se = variance**0.5
        z = difference / se
        test |= {"se": se, "z": z, "p_value": float(2 * norm.sf(abs(z)))}
    return test


def place_scores(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the structural components of an AUC from midranks.

    The components are those of DeLong et al. (1988), the way to them is that of Sun and
    Xu (2014, IEEE Signal Processing Letters 21:1389-1393).

    Parameters
    ----------
    truth : ndarray of bool, shape (N,)
        Both classes present.
    score : ndarray of float, shape (N,) or (T, N)
        Of T trainings, over which components are averaged.

    Returns
    -------
    v10 : ndarray of float, shape (M,)
        By positive photograph, the share of the negative ones that score lower; ties
        count one half.
    v01 : ndarray of float, shape (N - M,)
        By negative photograph, the share of the positive ones that score higher.

    Raises
    ------
    LabError
        If a score is not a finite number.
    """
    score = np.atleast_2d(np.asarray(score, float))
    wrong = np.count_nonzero(~np.isfinite(score))
    if wrong:
        raise LabError(
            f"scores: {wrong} of {score.size} are not finite; predict them again"
        )
    positives, negatives = np.count_nonzero(truth), np.count_nonzero(~truth)
    rank = rankdata(score, axis=1)
    below = rank[:, truth] - rankdata(score[:, truth], axis=1)
    not_above = rank[:, ~truth] - rankdata(score[:, ~truth], axis=1)
    v10 = below.mean(axis=0) / negatives
    v01 = 1 - not_above.mean(axis=0) / positives
    return v10, v01


def estimate_covariance(
    v10: np.ndarray,
    v01: np.ndarray,
    cluster_positive: np.ndarray,
    cluster_negative: np.ndarray,
) -> dict[str, np.ndarray] | None:
    """Estimate the covariance of AUCs on clustered photographs.

    Obuchowski (1997): components are summed by cluster; S10 and S01 are the products of
    these sums within a class, S11 those between the classes of a cluster, each within
    an arm and between two.

    Parameters
    ----------
    v10 : ndarray of float, shape (A, M)
        Structural components of A arms, or of differences of arms, on the M positive
        photographs.
    v01 : ndarray of float, shape (A, N)
        On the N negative ones.
    cluster_positive, cluster_negative : ndarray, shapes (M,) and (N,)
        Their clusters.

    Returns
    -------
    dict or None
        ``s10``, ``s01``, ``s11`` (positive component of the row's arm, negative one of
        the column's) and ``covariance``, each of shape (A, A). None if a class has
        fewer than two clusters, on which nothing varies.
    """
    m, n = v10.shape[1], v01.shape[1]
    both = np.concatenate([cluster_positive, cluster_negative])
    names, member = np.unique(both, return_inverse=True)
    i10 = len(np.unique(member[:m]))
    i01 = len(np.unique(member[m:]))
    if min(i10, i01) < 2:
        return None
    i = len(names)
    auc = v10.mean(axis=1, keepdims=True)
    x = _sum_by_cluster(v10 - auc, member[:m], i)
    y = _sum_by_cluster(v01 - auc, member[m:], i)
    s10 = i10 / ((i10 - 1) * m) * x @ x.T
    s01 = i01 / ((i01 - 1) * n) * y @ y.T
    s11 = i / (i - 1) * x @ y.T
    covariance = s10 / m + s01 / n + (s11 + s11.T) / (m * n)
    return {"s10": s10, "s01": s01, "s11": s11, "covariance": covariance}


def mcnemar_clustered(
    right_a: np.ndarray, right_b: np.ndarray, cluster: np.ndarray
) -> dict[str, Any]:
    """Test whether two arms are right equally often, on all photographs.

    McNemar's test for clustered pairs by Durkalski, Palesch, Lipsitz and Rust (2003,
    Statistics in Medicine 22:2417-2428): each lesion counts by its mean difference, so
    that one photographed often weighs no more than another. On clusters of one it is
    McNemar's (1947) without correction.

    Parameters
    ----------
    right_a, right_b : ndarray of bool, shape (N,)
        Whether each arm decided a photograph rightly.
    cluster : ndarray, shape (N,)
        Lesion of each photograph, of any sortable type.

    Returns
    -------
    dict
        ``n`` photographs, ``clusters``, ``only_a`` and ``only_b`` (how many one arm
        alone decided rightly), ``statistic`` (chi-square of one degree of freedom) and
        ``p_value``; these two are None where no lesion favours an arm.
    """
    right_a, right_b = np.asarray(right_a, bool), np.asarray(right_b, bool)
    names, member = np.unique(cluster, return_inverse=True)
    count = len(names)
    only_a = np.bincount(member[right_a & ~right_b], minlength=count)
    only_b = np.bincount(member[~right_a & right_b], minlength=count)
    mean = (only_a - only_b) / np.bincount(member, minlength=count)
    test: dict[str, Any] = {
        "n": len(member),
        "clusters": count,
        "only_a": int(only_a.sum()),
        "only_b": int(only_b.sum()),
        "statistic": None,
        "p_value": None,
    }
    if mean.any():
        statistic = float(mean.sum() ** 2 / (mean**2).sum())
        test |= {"statistic": statistic, "p_value": float(chi2.sf(statistic, df=1))}
    return test


def _sum_by_cluster(
    components: np.ndarray, member: np.ndarray, count: int
) -> np.ndarray:
    return np.stack([np.bincount(member, row, count) for row in components])
