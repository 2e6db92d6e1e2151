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
