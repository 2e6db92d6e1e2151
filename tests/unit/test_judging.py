"""An arm is judged on lesions that chose nothing, and for whom it fails is told."""

import pandas as pd
import pytest
from tests.unit.made_predictions import CLASSES, PROBABILITIES, make_table

from lesionlab.bundle.judging import calibrate_arm, score_arm
from lesionlab.bundle.subgroups import list_untold, score_subgroups


def judge(table, **options):
    wanted = {"trained": [1 / 3] * 3, "prevalence": None, **options}
    return calibrate_arm(table, classes=CLASSES, positive="MEL", **wanted)


def score(judged, sensitivity=(0.95, 0.9)):
    return score_arm(judged, classes=CLASSES, sensitivity=sensitivity, confidence=0.95)


def test_one_fold_is_judged_as_it_is_used():
    judged = judge(make_table())
    assert judged.calibrated == pytest.approx(judged.calibration.apply(judged.raw))
    [(scores, diseased)] = judged.choices.values()
    assert scores == pytest.approx(judged.valid[0])
    assert (diseased == judged.valid[1]).all()


def test_what_judges_a_lesion_was_fitted_without_it():
    """In fold1 every lesion that fold0 tests is called healthy beyond doubt."""
    table = make_table(folds=3)
    tested = table.loc[(table["fold"] == "fold0") & (table["set"] == "test"), "group"]
    poisoned = table.copy()
    elsewhere = table["group"].isin(tested) & (table["fold"] != "fold0")
    rows = elsewhere & (table["set"] == "valid")
    assert rows.sum() > 20
    poisoned.loc[rows, PROBABILITIES] = [1e-6, 0.5, 0.499999]
    clean, dirty = judge(table), judge(poisoned)
    own = (clean.test["fold"] == "fold0").to_numpy()
    assert (dirty.calibrated[own] == clean.calibrated[own]).all()
    assert (dirty.send(0.9)[own] == clean.send(0.9)[own]).all()
    # what is used knows of all of them
    assert dirty.calibration.temperature != clean.calibration.temperature


def test_every_test_photograph_is_decided_by_its_own_fold():
    judged = judge(make_table(folds=3, shift=2.0))
    sent, score_of = judged.send(0.9), judged.calibrated[:, 0]
    limits = []
    for _, rows in judged.test.groupby("fold"):
        own = rows.index.to_numpy()
        lowest = score_of[own][sent[own]].min()
        assert score_of[own][~sent[own]].max() < lowest
        limits.append(lowest)
    assert len(set(limits)) == 3


def test_an_arm_is_scored_with_its_operating_points():
    scored = score(judge(make_table()))
    assert [point["wanted"] for point in scored["operating_points"]] == [0.95, 0.9]
    for point in scored["operating_points"]:
        sensitivity, specificity = point["sensitivity"], point["specificity"]
        assert sensitivity["low"] < sensitivity["value"] <= sensitivity["high"]
        assert abs(sensitivity["value"] - point["wanted"]) < 0.15
        assert 0.5 < specificity["value"] < 1
        assert point["sent"]["MEL"] == pytest.approx(sensitivity["value"], abs=1e-6)
        assert 0.5 < point["predictive_value"] < 1
    thresholds = [row["threshold"] for row in scored["curve"]]
    assert thresholds == sorted(thresholds, reverse=True)
    assert scored["n"]["test"] == 240
    assert sum(scored["n"]["lesions"].values()) == 120
    assert sum(scored["n"]["photographs"].values()) == 240
    sent = scored["curve"][0]["sent"]["MEL"] * scored["n"]["photographs"]["MEL"]
    assert sent == pytest.approx(round(sent), abs=1e-3)
    assert 0.8 < scored["measures"]["auc"]["value"] < 1


def test_calibration_mends_what_even_classes_did():
    scored = score(judge(make_table(lesions=1200)))["calibrated"]
    assert scored["after"]["log_loss"] < scored["before"]["log_loss"]


def test_a_prevalence_moves_probabilities_and_hardly_a_decision():
    table = make_table()
    here, there = judge(table), judge(table, prevalence=[0.02, 0.9, 0.08])
    assert there.calibrated[:, 0].mean() < here.calibrated[:, 0].mean() - 0.01
    # but for what shifts between the other two classes
    assert (there.send(0.9) == here.send(0.9)).mean() > 0.95
    assert there.calibration.temperature == here.calibration.temperature


def test_without_a_positive_photograph_to_choose_on_there_is_no_point():
    table = make_table()
    table = table[(table["set"] == "test") | (table["label"] != "MEL")]
    scored = score(judge(table))
    assert scored["operating_points"] == scored["curve"] == []
    assert scored["measures"]["auc"]["value"] is not None


def test_without_a_positive_photograph_to_test_on_its_figures_are_none():
    table = make_table()
    table = table[(table["set"] == "valid") | (table["label"] != "MEL")]
    scored = score(judge(table))
    point = scored["operating_points"][0]
    assert point["sensitivity"] == {"value": None, "low": None, "high": None}
    assert point["specificity"]["value"] is not None
    assert point["predictive_value"] is point["sent"]["MEL"] is None
    assert scored["calibrated"]["after"]["log_loss"] is None
    assert scored["measures"]["auc"]["value"] is None


def make_images(count=60):
    """Lesions of one photograph; the young ones among the diseased are never found."""
    images = pd.DataFrame({"group": [f"L{n}" for n in range(count)]})
    images["age"] = [30.0 if n % 2 else 70.0 for n in range(count)]
    images["sex"] = ["female"] * (count - 3) + ["male", "unknown", None]
    images["localization"] = "unknown"
    images["dx"] = ["mel" if n < count / 2 else "nv" for n in range(count)]
    diseased = (images["dx"] == "mel").to_numpy()
    return images, diseased & (images["age"] > 50).to_numpy(), diseased


def test_subgroups_are_scored_where_they_hold_enough():
    images, sent, diseased = make_images()
    rows = score_subgroups(images, sent, diseased, confidence=0.95)
    found = {(row["by"], row["name"]): row for row in rows}
    assert found["age", "under 40"]["sensitivity"]["value"] == 0
    assert found["age", "60 and over"]["sensitivity"]["value"] == 1
    assert found["age", "40 to 59"]["photographs"] == 0
    assert found["age", "40 to 59"]["sensitivity"] is None
    assert found["sex", "female"]["lesions"] == [30, 27]
    assert found["sex", "male"] == {
        **{"by": "sex", "name": "male", "photographs": 1, "lesions": [0, 1]},
        **{"sensitivity": None, "specificity": None},
    }
    assert found["sex", "unknown"]["photographs"] == 2
    assert found["diagnosis", "nv"]["specificity"]["value"] == 1
    assert not any(by in ("body site", "source") for by, _ in found)


def test_what_no_table_tells_is_listed():
    images, _, _ = make_images()
    assert list_untold(images) == ["skin type", "body site", "source"]
