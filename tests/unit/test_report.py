"""The report's warnings, limits and template."""

import pytest
from jinja2 import UndefinedError

from lesionlab.report.page import fill_template, list_limits
from lesionlab.report.stamps import list_stamps
from lesionlab.report.tables import stage_table
from lesionlab.report.words import write_headline

CLASSES = {"MEL": ["mel"], "Other_SC": ["bcc", "bkl"]}


def stamps(*, source="folder", known=True, leaks=False):
    shares = {"MEL": 0.74, "all": 0.31} if leaks else {"MEL": 0.0, "all": 0.0}
    audit = {
        "leaks": leaks,
        "lesion_ids_known": known,
        "leakage": {"fold0": {"classification": shares, "segmentation": shares}},
    }
    return list_stamps(source=source, split_audit=audit, positive="MEL")


def test_a_sound_run_on_real_data_bears_no_stamp():
    assert stamps() == []


def test_each_reason_for_doubt_is_stamped():
    assert stamps(source="phantom")[0]["title"] == "Synthetic data."
    assert stamps(known=False)[0]["title"] == "Lesions unknown."
    leak = stamps(leaks=True)[0]
    assert leak["title"] == "This split leaks."
    assert "31% of the classifier's test" in leak["text"]
    assert "74% of those of class MEL" in leak["text"]


def test_the_limits_name_the_benign_diagnoses_and_no_medical_device():
    limits = " ".join(list_limits(source="folder", classes=CLASSES, folds=1, seeds=1))
    assert "Not a medical device" in limits
    assert "bkl are benign" in limits


def test_text_is_escaped_and_a_missing_name_is_an_error():
    assert fill_template("{{ a }}", {"a": "<b>"}) == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        fill_template("{{ a }}", {})


def test_the_headline_of_a_terminal_bears_the_stamps():
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    metrics = ("accuracy", "balanced_accuracy", "sensitivity", "auc")
    arms = {"original": dict.fromkeys(metrics, figure)}
    text = write_headline(
        arms, positive="MEL", answer="An answer.", stamps=stamps(leaks=True)
    )
    assert text.index("An answer.") < text.index("This split leaks. 31%")


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
