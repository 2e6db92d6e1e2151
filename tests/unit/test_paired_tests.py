"""Paired tests against published answers, the formulas spelt out, and simulations."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from lesionlab.errors import LabError
from lesionlab.statistics.paired_tests import (
    compare_auc,
    estimate_covariance,
    mcnemar_clustered,
    place_scores,
)
from unit.published import CODE, GLANDS, read_arteries, read_haemorrhages, read_pairs


def make_scores(seed, *, lesions=120, trainings=1):
    """Lesions of one to four photographs, some of both classes; scores with ties."""
    draw = np.random.default_rng(seed)
    lesion = np.repeat(np.arange(lesions), draw.integers(1, 5, lesions))
    truth = (draw.random(lesions)[lesion] < 0.3) ^ (draw.random(len(lesion)) < 0.1)
    shared = draw.normal(size=lesions)[lesion]
    scores = []
    for _ in range(2):
        own = draw.normal(size=lesions)[lesion]
        noise = draw.normal(size=(trainings, len(lesion)))
        scores.append(np.round(1.2 * truth + shared + own + 0.7 * noise, 1))
    return truth, *scores, lesion


def spell_out(truth, scores, cluster):
    """Obuchowski's covariance of every pair of scores, formula by formula."""
    ids = sorted(set(cluster))
    x = [[s[j] for j in np.flatnonzero(truth)] for s in scores]
    y = [[s[k] for k in np.flatnonzero(~truth)] for s in scores]
    m_of = [sum(truth[cluster == i]) for i in ids]
    n_of = [sum(~truth[cluster == i]) for i in ids]
    m, n, count = sum(m_of), sum(n_of), len(ids)
    i10, i01 = sum(c > 0 for c in m_of), sum(c > 0 for c in n_of)

    def wins(high, low):
        return 1.0 if high > low else 0.5 if high == low else 0.0

    auc, v10, v01 = [], [], []
    for r, s in enumerate(scores):
        auc.append(sum(wins(p, q) for p in x[r] for q in y[r]) / (m * n))
        at = [np.flatnonzero(cluster == i) for i in ids]
        v10.append(
            [
                sum(sum(wins(s[j], q) for q in y[r]) / n for j in rows if truth[j])
                for rows in at
            ]
        )
        v01.append(
            [
                sum(sum(wins(p, s[k]) for p in x[r]) / m for k in rows if not truth[k])
                for rows in at
            ]
        )
    covariance = np.empty((len(scores), len(scores)))
    for r in range(len(scores)):
        for t in range(len(scores)):
            s10 = s01 = s11 = s11_turned = 0.0
            for i in range(count):
                x_r, x_t = v10[r][i] - m_of[i] * auc[r], v10[t][i] - m_of[i] * auc[t]
                y_r, y_t = v01[r][i] - n_of[i] * auc[r], v01[t][i] - n_of[i] * auc[t]
                s10 += i10 / ((i10 - 1) * m) * x_r * x_t
                s01 += i01 / ((i01 - 1) * n) * y_r * y_t
                s11 += count / (count - 1) * x_r * y_t
                s11_turned += count / (count - 1) * x_t * y_r
            covariance[r, t] = s10 / m + s01 / n + (s11 + s11_turned) / (m * n)
    return np.array(auc), covariance


def test_obuchowskis_example_is_reproduced():
    test = compare_auc(*read_arteries())
    assert test["auc_a"] == pytest.approx(0.9837, abs=5e-5)
    assert test["auc_b"] == pytest.approx(0.9852, abs=5e-5)
    assert test["difference"] == pytest.approx(0.0014, abs=5e-5)
    assert test["se"] == pytest.approx(0.0066, abs=5e-5)
    assert test["p_value"] == pytest.approx(0.8271, abs=5e-5)


def test_the_components_of_obuchowskis_example_are_reproduced():
    truth, first, second, patient = read_arteries()
    parts = [place_scores(truth, score) for score in (first, second)]
    v10, v01 = (np.stack(arms) for arms in zip(*parts, strict=True))
    found = estimate_covariance(v10, v01, patient[truth], patient[~truth])
    printed = {
        "s10": [[0.0013151307, 0.0008484357], [0.0008484357, 0.0009284122]],
        "s01": [[0.0022375873, 0.0019241250], [0.0019241250, 0.0022598583]],
        "s11": [[0.0051785478, 0.0028648340], [-0.0015136931, -0.0005015760]],
    }
    for name, value in printed.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=5.1e-11)
    s10, s01, s11 = (np.array(printed[name]) for name in ("s10", "s01", "s11"))
    covariance = s10 / 29 + s01 / 36 + (s11 + s11.T) / (29 * 36)
    np.testing.assert_allclose(found["covariance"], covariance, rtol=0, atol=1e-11)
    se = np.sqrt(np.diag(found["covariance"]))
    np.testing.assert_allclose(se, [0.0108, 0.0097], rtol=0, atol=5e-5)


def test_clusters_of_one_give_delongs_published_answer():
    test = compare_auc(*read_haemorrhages())
    z, p_value = 2.20898359144091, 0.0271757822291882  # of roc.test, pROC's own tests
    assert test["z"] == pytest.approx(z, rel=1e-12)
    assert test["p_value"] == pytest.approx(p_value, rel=1e-12)
    half = 1.959963984540054 * test["se"]
    low, high = test["difference"] - half, test["difference"] + half
    assert [low, high] == pytest.approx([0.0104061769564846, 0.174214419249478])


@pytest.mark.parametrize("trainings", [1, 3])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_variance_is_that_of_the_formulas_spelt_out(seed, trainings):
    truth, score_a, score_b, lesion = make_scores(seed, lesions=25, trainings=trainings)
    auc, covariance = spell_out(truth, [*score_a, *score_b], lesion)
    contrast = np.repeat([-1, 1], trainings) / trainings
    test = compare_auc(truth, score_a, score_b, lesion)
    assert test["auc_a"] == pytest.approx(auc[:trainings].mean())
    assert test["auc_b"] == pytest.approx(auc[trainings:].mean())
    assert test["difference"] == pytest.approx(contrast @ auc)
    assert test["se"] ** 2 == pytest.approx(contrast @ covariance @ contrast)
    assert test["z"] == pytest.approx(test["difference"] / test["se"])


def test_one_training_is_the_same_with_and_without_its_axis():
    truth, score_a, score_b, lesion = make_scores(3)
    flat = compare_auc(truth, score_a[0], score_b[0], lesion)
    assert compare_auc(truth, score_a, score_b, lesion) == flat


def test_neither_order_of_rows_nor_names_of_lesions_matter():
    truth, score_a, score_b, lesion = make_scores(4, trainings=2)
    right_a, right_b = score_a[0] > 0.5, score_b[0] > 0.5
    order = np.random.default_rng(1).permutation(len(truth))
    names = np.array([f"HAM_{977 * n % 1009:07d}" for n in lesion])
    test = compare_auc(truth, score_a, score_b, lesion)
    again = compare_auc(
        truth[order], score_a[:, order], score_b[:, order], names[order]
    )
    assert again == pytest.approx(test)
    test = mcnemar_clustered(right_a, right_b, lesion)
    again = mcnemar_clustered(right_a[order], right_b[order], names[order])
    assert again == pytest.approx(test)


def test_a_photograph_twice_in_its_lesion_adds_no_evidence():
    truth, score_a, score_b, lesion = make_scores(5)
    test = compare_auc(truth, score_a, score_b, lesion)
    twice = compare_auc(
        *(np.tile(rows, 2) for rows in (truth, score_a, score_b, lesion))
    )
    assert twice == pytest.approx(test)
    pairs = score_a[0] > 0.5, score_b[0] > 0.5, lesion
    test, twice = (
        mcnemar_clustered(*(np.tile(rows, times) for rows in pairs)) for times in (1, 2)
    )
    assert twice["statistic"] == pytest.approx(test["statistic"])
    alone = np.arange(2 * len(lesion))  # a test that could not tell would be no test
    blind = mcnemar_clustered(*(np.tile(rows, 2) for rows in pairs[:2]), alone)
    assert blind["statistic"] > 1.5 * test["statistic"]


def test_the_arms_change_places_with_the_sign():
    truth, score_a, score_b, lesion = make_scores(6, trainings=2)
    test = compare_auc(truth, score_a, score_b, lesion)
    turned = compare_auc(truth, score_b, score_a, lesion)
    assert turned["z"] == pytest.approx(-test["z"])
    assert turned["p_value"] == pytest.approx(test["p_value"])


def test_what_is_undefined_is_none():
    truth, score_a, score_b, lesion = make_scores(7)
    for one_class in (np.zeros_like(truth), np.ones_like(truth)):
        test = compare_auc(one_class, score_a, score_b, lesion)
        assert set(test.values()) == {None}
    last = "se", "z", "p_value"
    cases = {
        "one lesion": (truth, score_a, score_b, np.zeros_like(lesion)),
        "one positive lesion": (lesion == 3, score_a, score_b, lesion),
        "equal arms": (truth, score_a, score_a, lesion),
        "equal rankings": (truth, score_a, np.exp(score_a), lesion),
        "equal trainings": (truth, np.tile(score_a, (3, 1)), score_a, lesion),
        "no chance in it": (truth, truth, [truth, truth, ~truth], lesion),
    }
    for name, case in cases.items():
        test = compare_auc(*case)
        assert [test[key] for key in last] == [None] * 3, name
        assert test["auc_a"] is not None, name


def test_a_swap_of_two_photographs_in_ten_thousand_is_no_rounding():
    truth = np.arange(10_000) % 9 == 0
    score_a = np.random.default_rng(1).permutation(10_000)
    score_b = score_a.copy()
    swap = [np.flatnonzero(score_a == 5000)[0], np.flatnonzero(score_a == 5001)[0]]
    truth[swap] = True, False
    score_b[swap] = score_a[swap[::-1]]
    assert compare_auc(truth, score_a, score_b, np.arange(10_000))["se"] > 0


def test_a_score_that_is_no_number_is_refused():
    truth, score_a, score_b, lesion = make_scores(8)
    score_b[0, 5] = np.nan
    with pytest.raises(LabError, match=r"1 of .* not finite"):
        compare_auc(truth, score_a, score_b, lesion)


def test_equal_arms_differ_in_one_draw_of_twenty():
    clustered, blind = [], []
    for seed in range(1500):
        truth, score_a, score_b, lesion = make_scores(seed, lesions=150)
        alone = np.arange(len(lesion))
        clustered.append(compare_auc(truth, score_a, score_b, lesion)["p_value"] < 0.05)
        blind.append(compare_auc(truth, score_a, score_b, alone)["p_value"] < 0.05)
    assert 0.035 < np.mean(clustered) < 0.065
    assert np.mean(blind) > 0.1


def test_durkalskis_test_gives_the_published_answer():
    test = mcnemar_clustered(*read_pairs(CODE))
    assert (test["n"], test["clusters"]) == (114, 63)
    assert test["statistic"] == pytest.approx(10.125, abs=5e-4)
    assert test["p_value"] == pytest.approx(0.001463, abs=5e-7)


def test_durkalskis_test_on_the_scans_of_obuchowski():
    right_a, right_b, patient = read_pairs(GLANDS)
    favour = np.bincount(patient, right_a.astype(int) - right_b)
    obuchowski = favour.sum() ** 2 / (favour**2).sum() * 20 / 21
    assert obuchowski == pytest.approx(
        2.8571, abs=5e-5
    )  # published: the data are right
    test = mcnemar_clustered(right_a, right_b, patient)
    assert (test["only_a"], test["only_b"]) == (1, 7)
    assert test["statistic"] == pytest.approx(169 / 73)  # by hand


def test_clusters_of_one_give_mcnemars_test():
    draw = np.random.default_rng(2)
    right_a, right_b = draw.random((2, 500)) < [[0.8], [0.7]]
    cells = [
        [np.sum(right_a & right_b), np.sum(right_a & ~right_b)],
        [np.sum(~right_a & right_b), np.sum(~right_a & ~right_b)],
    ]
    known = mcnemar(cells, exact=False, correction=False)
    test = mcnemar_clustered(right_a, right_b, np.arange(500))
    assert test["statistic"] == pytest.approx(known.statistic)
    assert test["p_value"] == pytest.approx(known.pvalue)


def test_pairs_without_a_favourite_have_no_statistic():
    right, lesion = np.array([True, False]), np.array([1, 1])
    test = mcnemar_clustered(right, right, lesion)
    assert (test["only_a"], test["statistic"], test["p_value"]) == (0, None, None)
    test = mcnemar_clustered(right, ~right, lesion)  # they cancel within the lesion
    assert (test["only_a"], test["statistic"], test["p_value"]) == (1, None, None)
    test = mcnemar_clustered(right, ~right, np.array([1, 2]))
    assert (test["statistic"], test["p_value"]) == (0, 1)
