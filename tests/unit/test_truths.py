"""What is true of a phantom by construction, against what the verdict says."""

import pytest

from lesionlab.comparison.verdict import (
    HELPED,
    HURT,
    NO_DIFFERENCE,
    ONE_TRAINING,
    TOO_SMALL,
    UNDECIDED,
)
from lesionlab.words.truths import (
    EQUAL,
    HOLD,
    SIGNALS,
    UNKNOWN,
    agree,
    agree_with_measured,
    tell_truth,
    true_difference,
)


def verdict(kind):
    return {"verdicts": [{"a": "original", "b": "segmented", "kind": kind}]}


def test_the_truth_of_each_phantom():
    known = {
        ("none", "original", "segmented"): EQUAL,
        ("none", "crop", "background"): EQUAL,
        ("background", "original", "segmented"): UNKNOWN,  # a mask may spill
        ("background", "original", "segmented_true"): HURT,
        ("background", "segmented_true", "background"): HELPED,
        ("lesion", "original", "background"): HURT,
        ("lesion", "background", "crop"): HELPED,
        ("misleading", "original", "segmented_true"): HELPED,
        ("misleading", "segmented_true", "original"): HURT,
        ("misleading", "original", "segmented"): UNKNOWN,
        ("lesion", "original", "segmented"): UNKNOWN,
        ("lesion", "original", "segmented_true"): UNKNOWN,
        ("background", "original", "crop"): UNKNOWN,
        ("both", "original", "background"): UNKNOWN,
    }
    for (signal, a, b), truth in known.items():
        assert true_difference(signal, a, b) == truth, (signal, a, b)
    assert {"none", "both", *HOLD} == set(SIGNALS)


@pytest.mark.parametrize(
    ("truth", "agreeing"),
    [(EQUAL, NO_DIFFERENCE), (HELPED, HELPED), (HURT, HURT), (UNKNOWN, None)],
)
def test_a_verdict_agrees_disagrees_or_leaves_it_open(truth, agreeing):
    for kind in (HELPED, HURT, NO_DIFFERENCE):
        wanted = "agrees" if kind == agreeing else "disagrees"
        assert agree(truth, kind) == ("leaves it open" if not agreeing else wanted)
    for kind in (UNDECIDED, ONE_TRAINING, TOO_SMALL):
        assert agree(truth, kind) == "leaves it open"


@pytest.mark.parametrize(
    ("low", "high", "stands"),
    [
        (-0.05, -0.03, ("disagrees", "agrees", "disagrees")),
        (-0.05, -0.01, ("disagrees", "agrees", "leaves it open")),
        (-0.015, -0.005, ("disagrees", "agrees", "agrees")),
        (-0.01, 0.01, ("leaves it open", "leaves it open", "agrees")),
        (0.001, 0.05, ("agrees", "disagrees", "leaves it open")),
    ],
)
def test_a_verdict_agrees_with_a_measured_truth_where_all_of_its_interval_does(
    low, high, stands
):
    truth = {"low": low, "high": high}
    kinds = (HELPED, HURT, NO_DIFFERENCE)
    found = tuple(agree_with_measured(truth, kind, margin=0.02) for kind in kinds)
    assert found == stands
    assert agree_with_measured(truth, UNDECIDED, margin=0.02) == "leaves it open"


def test_the_report_tells_what_many_trainings_measured():
    measured = {"a": "original", "b": "segmented", "metric": "auc", "trainings": 20}
    measured |= {"difference": -0.1, "low": -0.12, "high": -0.08}
    measured["positive_class"] = "MEL"
    made = verdict(HURT)
    made["verdicts"][0] |= {"metric": "auc", "margin": 0.02}
    said = tell_truth(made, signal="lesion", strength=1.0, measured=measured)
    assert said[1] == (
        "Arm segmented against original: the true difference in MEL AUC was measured "
        "with 20 trainings of each: −0.100 (−0.120 to −0.080); the verdict (hurt) "
        "agrees with that."
    )
    made["verdicts"][0]["metric"] = "brier"
    said = tell_truth(made, signal="lesion", strength=1.0, measured=measured)
    assert said[1].endswith("not known by construction; the verdict is: hurt.")


def test_the_report_tells_the_truth_of_its_phantom():
    hurt = verdict(HURT)

    def tell(made=hurt, strength=1.0, **options):
        return " ".join(tell_truth(made, strength=strength, **options))

    hidden = {"verdicts": [{**hurt["verdicts"][0], "b": "background"}]}
    assert "background is worse; the verdict (hurt) agrees with that." in tell(
        hidden, signal="lesion"
    )
    equal = "there is no difference; the verdict (hurt) disagrees with that."
    assert equal in tell(signal="none")
    assert equal in tell(signal="background", strength=0)
    assert "the sign of the difference is not known" in tell(signal="lesion")
    undecided = verdict(UNDECIDED)
    assert tell(undecided, signal="none").endswith("(undecided) leaves it open.")
