"""The report: warnings, limits, tables, headline, and the whole at its largest."""

import re

import pandas as pd
import pytest
from jinja2 import UndefinedError

from lesionlab.figures.verdict import pair_trainings
from lesionlab.files import read_json
from lesionlab.report.headline import write_headline
from lesionlab.report.page import fill_template
from lesionlab.report.tables import say_duration, stage_table, version_table
from lesionlab.words.limits import list_limits
from lesionlab.words.passages import describe_variance
from lesionlab.words.stamps import list_stamps
from unit.made_run import make_run

CLASSES = {"MEL": ["mel"], "Other_SC": ["bcc", "bkl"]}
SKILLS = {"original": 2.0, "segmented": 1.7, "segmented_true": 1.7, "crop": 2.0}
SKILLS["background"] = 0.4


def stamps(*, source="folder", without=0, leaks=False, protocol="image"):
    shares = {"MEL": 0.74, "all": 0.31} if leaks else {"MEL": 0.0, "all": 0.0}
    audit = {
        "leaks": leaks,
        "protocol": protocol,
        "lesion_ids_known": not without,
        "without_lesion_id": without,
        "n_images": 133,
        "leakage": {"fold0": {"classification": shares, "segmentation": shares}},
    }
    return list_stamps(source=source, split_audit=audit, positive="MEL")


def test_a_sound_run_on_real_data_bears_no_stamp():
    assert stamps() == []


def test_each_reason_for_doubt_is_stamped():
    assert stamps(source="phantom")[0]["title"] == "Synthetic data."
    assert stamps(without=133)[0]["title"] == "Lesions unknown."
    some = stamps(without=7)[0]
    assert some["title"] == "Some lesions unknown."
    assert some["text"].startswith("7 of 133 photographs name no lesion_id: each of")
    leak = stamps(leaks=True)[0]
    assert leak["title"] == "This split leaks."
    assert "31% of the classifier's test" in leak["text"]
    assert "74% of those of class MEL" in leak["text"]
    assert leak["text"].endswith("every figure is too good.")
    measured = stamps(leaks=True, protocol="leak")[0]
    assert "split by photographs (image) are too good" in measured["text"]


def test_the_limits_name_the_benign_diagnoses_and_no_medical_device():
    limits = limit(folds=1, trainings=1)
    assert "Not a medical device" in limits
    assert "bkl are benign" in limits


def limit(**design):
    options = {"source": "folder", "classes": CLASSES, "predicted_masks": True}
    return " ".join(list_limits(**options, **design))


def test_the_limits_say_what_the_deciding_interval_does_not_cover():
    assert "draw of test lesions alone" in limit(folds=1, trainings=1)
    held_out = limit(folds=1, trainings=3)
    assert "lesions that were trained on are one draw" in held_out
    assert "never ranked together" not in held_out
    folds = limit(folds=5, trainings=1)
    assert "folds train on lesions that overlap" in folds
    assert "never ranked together" in folds
    assert "means over trainings" not in folds


def test_text_is_escaped_and_a_missing_name_is_an_error():
    assert fill_template("{{ a }}", {"a": "<b>"}) == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        fill_template("{{ a }}", {})


def test_the_headline_of_a_terminal_bears_answer_truth_and_stamps():
    bounds = {"low": 0.4, "high": 0.6, "lesions_low": 0.45, "lesions_high": 0.55}
    figure = {"value": 0.5, "trainings": 3, **bounds}
    metrics = ("auc", "brier", "sensitivity", "specificity", "balanced_accuracy")
    one = {m: {**figure, "trainings": 1, "low": None} for m in metrics}
    comparison = {
        "primary": "brier",
        "positive_class": "MEL",
        "confidence": 0.95,
        "arms": {"original": dict.fromkeys(metrics, figure), "segmented": one},
    }
    answer = {"verdict": "Undecided", "text": "Text.", "advice": "Do", "command": "it"}
    text = write_headline(
        comparison, answer=answer, truth=["A truth."], stamps=stamps(leaks=True)
    )
    assert re.search(r"Arm +Trainings +Brier score +MEL AUC", text)
    assert re.search(r"original +3 +0.500 \(0.400 to 0.600\)", text)
    assert re.search(r"segmented +1 +0.500 \(0.450 to 0.550\)", text)
    parts = ["Undecided. Text.", "Do it", "A truth.", "This split leaks. 31%"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_durations_are_those_of_this_run_alone(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "audit").mkdir()
    for name in (
        "train/fold0.original.seed1",
        "train/fold0.original.seed2",
        "audit/audit",
    ):
        (tmp_path / f"{name}.tsv").write_text("s\tmax_rss\n70\t2048\n")
    rows = stage_table(tmp_path, {"fold0", "original", "seed1"})["rows"]
    cells = {row["cells"][0]: row["cells"][1:3] for row in rows}
    assert cells["train"] == cells["audit"] == ["1", "1 min 10 s"]
    assert cells["All, one after another"] == ["2", "2 min 20 s"]


def test_files_of_a_kind_share_a_row_where_they_are_equal():
    made = {"code": "a" * 64, "versions": {"numpy": "2"}}
    other = {**made, "versions": {"numpy": "3"}}
    table = version_table({"scores": [made, made, other]})
    cells = [row["cells"] for row in table["rows"]]
    assert cells == [
        ["scores", "2", "a" * 12, "numpy 2"],
        ["scores", "1", "a" * 12, "numpy 3"],
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (119.7, "2 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7185, "2 h 00 min"),
    ],
)
def test_no_minute_has_sixty_seconds(seconds, said):
    assert say_duration(seconds) == said


def test_trainings_are_paired_by_fold_and_seed():
    rows = [
        ("a", "fold0", "seed1", 0.5),
        ("a", "fold1", "seed1", 0.6),
        ("a", "fold1", "seed2", 0.9),
        ("b", "fold1", "seed1", 0.9),
        ("b", "fold0", "seed1", 0.4),
    ]
    table = pd.DataFrame(rows, columns=["arm", "fold", "seed", "auc"])
    paired = pair_trainings(table, "a", "b", "auc")
    assert list(paired["fold"]) == ["fold0", "fold1"]
    assert list(paired["difference"]) == pytest.approx([-0.1, 0.3])


def test_the_largest_part_of_the_variance_is_named():
    def say(lesions, interaction, trainings, folds=None):
        split = {"lesions": lesions, "interaction": interaction, "trainings": trainings}
        split["folds"] = folds
        return describe_variance({"verdicts": [{"variance": split}]})

    assert "More trainings would" in say(0.01, 0.01, 0.03)
    assert "More lesions would" in say(0.03, 0.001, 0.01)
    assert "More folds would" in say(0.01, 0.01, 0.01, 0.03)
    one_a_fold = say(0.03, None, None, 0.01)
    assert one_a_fold.endswith(
        "90% the lesions of the test set, 10% what else differs between folds, "
        "trainings among it. More lesions would narrow the interval most."
    )
    assert "More" not in say(0.01, None, None, 0.03)
    assert say(0.02, 0.02, 0.02).endswith("33% the trainings themselves.")
    assert say(0.02, None, None) == ""
    assert describe_variance({"verdicts": []}) == ""


def test_five_folds_three_seeds_and_five_arms_stay_readable(tmp_path):
    report = make_run(
        tmp_path / "large", skills=SKILLS, folds=5, seeds=3, photographs=160, epochs=100
    )
    assert report.stat().st_size < 5e6
    html = report.read_text()
    shown = re.sub(r"<details>.*?</details>", "", html, flags=re.S)
    # no figure is shown for every fold: the U-Nets of the other four are folded away
    assert html.count("data:image/") - shown.count("data:image/") == 4
    assert shown.count("data:image/") <= 12
    assert max(table.count("<tr") for table in shown.split("<table")) < 25
    assert "†" not in html
    for text in ("Steps of the ladder", "ensemble of 3: original", "Below 0.65"):
        assert text in shown, text
    assert html.count("original/fold4/seed3") == 1
    assert not re.search(r"\bnan\b|None|undefined", re.sub(r"base64,\S+", "", html))


@pytest.mark.parametrize("arms", [["original"], ["original", "segmented"]])
def test_a_report_of_one_training_is_whole(tmp_path, arms):
    report = make_run(
        tmp_path / "small",
        skills={arm: SKILLS[arm] for arm in arms},
        photographs=80,
        source="phantom",
        phantom={"signal": "lesion", "strength": 1.0},
    )
    html = report.read_text()
    verdict = "One training." if len(arms) == 2 else "No comparison."
    assert f"<b>{verdict}</b>" in html
    assert "The truth of this phantom" in html
    assert ("more.yaml" in html) == (len(arms) == 2)
    assert html.count("over lesions †") >= 2  # fewer than 20 melanomas are marked
    assert "They rest on only" in html
    for scores in read_json(tmp_path / "small/comparison.json")["arms"].values():
        # Student's t would go on beyond the end of an AUC
        assert 0 <= scores["auc"]["lesions_low"] <= scores["auc"]["lesions_high"] <= 1
    headline = (tmp_path / "small/headline.txt").read_text()
    assert verdict in headline
    assert "Synthetic data." in headline
