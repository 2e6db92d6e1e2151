"""The answer and its reasons in words: every branch of their rules."""

from itertools import product

import pytest

from lesionlab.comparison.ladder import BACKGROUND, STEPS
from lesionlab.comparison.verdict import (
    HELPED,
    HURT,
    NO_DIFFERENCE,
    ONE_TRAINING,
    TOO_SMALL,
    UNDECIDED,
)
from lesionlab.statistics.metrics import METRICS
from lesionlab.words.answers import answer_question, plan_more
from lesionlab.words.passages import describe_split
from lesionlab.words.phrases import (
    LESIONS,
    SHOWN,
    count,
    format_bounds,
    format_interval,
    format_p,
    head_metric,
    name_design,
)
from lesionlab.words.reasons import CAUSES, NEEDED, SAID, conclude, explain_ladder
from lesionlab.words.truths import tell_truth

KINDS = (HELPED, HURT, NO_DIFFERENCE, UNDECIDED, ONE_TRAINING, TOO_SMALL)
PLAN = {"trainings": None, "lesions": None, "both": None}


def figures(value, low, high, **more):
    bounds = {"difference": value, "low": low, "high": high}
    return {
        **bounds,
        "lesions_low": -0.05,
        "lesions_high": 0.02,
        "trainings": 3,
        **more,
    }


def comparison(kind, bounds, *, metric="auc", folds=1, seeds=3, **more):
    arms = {"a": "original", "b": "segmented"}
    names = [f"seed{number}" for number in range(1, seeds + 1)]
    return {
        "confidence": 0.95,
        "positive_class": "MEL",
        "folds": [f"fold{number}" for number in range(folds)],
        "seeds": {"original": names, "segmented": names},
        "pairs": [{**arms, "metric": metric, **bounds}],
        "verdicts": [{**arms, "kind": kind, "metric": metric, "margin": 0.02, **more}],
        "ladder": [],
    }


def test_helped_and_hurt_name_arms_metric_interval_and_design():
    said = answer_question(comparison(HELPED, figures(0.04, 0.03, 0.05)))
    assert said["verdict"] == "Helped"
    assert said["text"] == (
        "A network trained on pictures of arm segmented instead of pictures of arm "
        "original does better: the difference in MEL AUC is +0.040 (95% interval over "
        "lesions and trainings +0.030 to +0.050; three trainings of each arm). Even "
        "the near end of the interval matters, being 0.02 or more."
    )
    bounds = figures(-0.04, -0.07, -0.01, trainings=15)
    said = answer_question(comparison(HURT, bounds, folds=5))
    assert said["verdict"] == "Hurt"
    assert "does worse: the difference in MEL AUC is −0.040" in said["text"]
    assert "three trainings of each arm in each of five folds" in said["text"]
    assert said["text"].endswith("that was declared to matter.")
    assert "may be smaller than 0.02" in said["text"]
    assert said["advice"] == said["command"] == ""


def test_of_a_loss_less_is_better():
    said = answer_question(
        comparison(HELPED, figures(-0.1, -0.15, -0.05), metric="brier")
    )
    assert "does better: the difference in Brier score (less is better)" in said["text"]


@pytest.mark.parametrize("low", [-0.005, 0.001])
def test_no_difference_that_matters_may_still_be_one(low):
    bounds = figures(0.005, low, 0.012)
    said = answer_question(comparison(NO_DIFFERENCE, bounds))
    assert said["verdict"] == "No difference that matters"
    assert "by less than 0.02, the smallest difference" in said["text"]
    assert ("leaves out 0" in said["text"]) == (low > 0)


def test_undecided_says_what_could_have_been_shown_and_what_would_show_it():
    plan = {**PLAN, "trainings": 15, "lesions": 20}
    more = {"detectable": 0.0722, "plan": plan}
    said = answer_question(comparison(UNDECIDED, figures(-0.01, -0.07, 0.05), **more))
    assert said["verdict"] == "Undecided"
    assert "stays open" in said["text"]
    assert said["advice"] == (
        "With 80 % power this design shows a difference of 0.072 or more. To show 0.02 "
        "would take 15 trainings of each arm on the same lesions, or 20 times as many "
        "test lesions."
    )


def test_a_design_that_shows_nothing_is_said_to_show_nothing():
    verdict = {"margin": 0.02, "detectable": 3.2, "plan": PLAN, "metric": "auc"}
    text = plan_more(verdict, folds=1, trainings=2)
    assert text.startswith("This design shows no difference with 80 % power")


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        ({"trainings": 6}, "take six trainings of each arm and fold on the same"),
        ({"lesions": 1.5}, "take 1.5 times as many test lesions."),
        ({"lesions": 3, "alone": True}, "lesions. What more trainings would do cannot"),
        ({"both": (12, 3)}, "take 12 trainings of each arm and fold together with 3 "),
        ({}, "Not even 50 trainings of each arm and fold on 100 times as many"),
        ({"alone": True}, "Not even 100 times as many test lesions would show 0.02."),
    ],
)
def test_every_plan_is_said(plan, text):
    trainings = 5 if plan.pop("alone", False) else 15
    verdict = {"margin": 0.02, "detectable": 0.1, "plan": {**PLAN, **plan}}
    verdict["metric"] = "auc"
    assert text in plan_more(verdict, folds=5, trainings=trainings)


def test_one_training_establishes_nothing_and_gives_the_command():
    bounds = figures(-0.018, None, None, trainings=1)
    said = answer_question(
        comparison(ONE_TRAINING, bounds, seeds=1), configs=["presets/mine.yaml"]
    )
    assert said["verdict"] == "One training"
    assert "is −0.018 (95% interval over lesions −0.050 to +0.020)" in said["text"]
    assert "establishes nothing about training on such pictures" in said["text"]
    assert said["command"] == (
        "echo 'classification: {seeds: [1, 2, 3]}' > more.yaml; "
        "snakemake --cores all --configfile presets/mine.yaml more.yaml"
    )


def test_the_command_keeps_the_seeds_that_stand():
    one = comparison(ONE_TRAINING, figures(0.1, None, None, trainings=1))
    one["seeds"] = {"original": ["seed7"], "segmented": ["seed7"]}
    assert "{seeds: [7, 8, 9]}" in answer_question(one)["command"]
    one["seeds"]["segmented"] = ["seed3", "seed7", "seed8"]
    unlike = "{seeds: [3, 7, 8], arm_seeds: {original: null, segmented: null}}"
    assert unlike in answer_question(one)["command"]


def test_what_cannot_be_compared_is_said():
    nothing = figures(None, None, None, trainings=0)
    small = comparison(TOO_SMALL, nothing)
    assert "too small to compare" in answer_question(small)["text"]
    small["seeds"] = {"original": ["seed1"], "segmented": ["seed2"]}
    assert "share no seed" in answer_question(small)["text"]
    assert "nothing to compare" in answer_question({"verdicts": []})["text"]


def test_the_leak_has_words_of_its_own():
    made = comparison(HELPED, figures(0.05, 0.03, 0.07))
    ways = {"a": "original/grouped", "b": "original/image"}
    made["verdicts"][0] |= ways
    made["pairs"][0] |= ways
    said = answer_question(made)
    assert said["verdict"] == "The leak flatters"
    assert said["text"].startswith(
        "A network trained on pictures of arm original, split by photographs, instead "
        "of pictures of arm original, split by lesions, does better: the difference"
    )
    made["verdicts"][0]["kind"] = NO_DIFFERENCE
    assert answer_question(made)["verdict"] == "The leak adds nothing that matters"
    assert tell_truth(made, signal="none", strength=1.0) == []


def test_figures_are_written_for_people():
    figure = {"value": -0.0124, "low": -0.05, "high": 0.02}
    assert format_interval(figure, signed=True) == "−0.012 (−0.050 to +0.020)"
    assert format_interval({**figure, "low": None}) == "−0.012"
    assert format_interval({"value": None, "low": None, "high": None}) == "–"
    assert format_interval({**figure, "value": -0.0001}, signed=True)[:6] == "0.000 "
    lesions = {"lesions_low": 0.1, "lesions_high": 0.2, **figure}
    assert format_bounds(lesions, LESIONS) == "0.100 to 0.200"
    assert [format_p(p) for p in (None, 0.00001, 0.0433)] == ["–", "<0.001", "0.043"]
    assert [count(n, "fold") for n in (1, 2, 12)] == [
        "one fold",
        "two folds",
        "12 folds",
    ]
    assert name_design(1, 1) == "one training of each arm"
    assert name_design(5, 5) == "one training of each arm in each of five folds"


def test_every_metric_has_a_name():
    assert tuple(SHOWN) == METRICS
    assert head_metric("log_loss", "MEL") == "Log loss"
    assert head_metric("auc", "mel") == "Mel AUC"


def step(name, kind, value=0.05):
    a, b = STEPS.get(name, (None, BACKGROUND))
    low, high = (None, None) if kind == ONE_TRAINING else (0.01, 0.09)
    row = figures(None if kind == TOO_SMALL else value, low, high)
    return {"step": name, "a": a, "b": b, "metric": "auc", "kind": kind, **row}


def test_the_ladder_covers_every_step_that_is_computed():
    assert set(SAID) == set(CAUSES) == set(NEEDED) == {*STEPS, BACKGROUND}


@pytest.mark.parametrize(("name", "kind"), list(product(SAID, KINDS)))
def test_every_step_says_what_its_verdict_supports(name, kind):
    made = {
        **comparison(HURT, figures(-0.1, -0.2, -0.05)),
        "ladder": [step(name, kind)],
    }
    (text,) = explain_ladder(made)["steps"]
    assert text.startswith(name.capitalize())
    if kind == TOO_SMALL:
        assert "too small" in text
    elif kind == ONE_TRAINING:
        assert "one training establishes nothing" in text
        assert "+0.050 (−0.050 to +0.020), 95% interval over lesions alone" in text
    else:
        assert SAID[name][kind].split("{")[0] in text
        assert "+0.050 (+0.010 to +0.090), 95% interval over lesions and" in text
        stays_open = "stays open" in text
        assert stays_open == (kind == UNDECIDED)


def test_the_conclusion_sorts_the_reasons():
    kinds = {"masks": NO_DIFFERENCE, "context": HELPED, "background": UNDECIDED}
    assert conclude(HURT, kinds) == (
        "Arm segmented is below arm original. Shown: lost context. Ruled out, beyond "
        "the margin: wrong masks. Open: a background that tells the class, which arm "
        "original can have read."
    )
    assert "Ruled out, beyond the margin: wrong masks." in conclude(
        HURT, {"masks": HURT}
    )
    assert conclude(HURT, {"masks": ONE_TRAINING, "background": HELPED}).endswith(
        "Open: wrong masks. Not asked: lost context (needs arms segmented_true and "
        "crop)."
    )


@pytest.mark.parametrize(
    ("fall", "head"),
    [
        (HURT, "Arm segmented is below arm original."),
        (HELPED, "Arm segmented is above arm original: there is no fall to explain."),
        (NO_DIFFERENCE, "Arms segmented and original differ by nothing that matters"),
        (UNDECIDED, "Whether arm segmented is below arm original is not established."),
        (ONE_TRAINING, "Whether arm segmented is below arm original is not est"),
        (TOO_SMALL, "Whether arm segmented is below arm original is not est"),
        (None, "Arms original and segmented were not both run"),
    ],
)
def test_the_ladder_explains_a_fall_only_where_there_is_one(fall, head):
    assert conclude(fall, {"masks": HELPED}).startswith(head)


def test_the_fall_is_that_of_original_and_segmented_wherever_they_stand():
    made = comparison(HURT, figures(-0.1, -0.2, -0.05))
    other = {"a": "crop", "b": "original", "kind": HELPED}
    made["verdicts"].insert(0, other)
    made["ladder"] = [step("masks", HELPED)]
    assert explain_ladder(made)["conclusion"].startswith("Arm segmented is below")
    turned = {"a": "segmented", "b": "original", "kind": HELPED}
    assert explain_ladder({**made, "verdicts": [turned]})["conclusion"].startswith(
        "Arm segmented is below"
    )
    assert explain_ladder({**made, "ladder": []}) is None


def test_the_sources_that_are_tested_are_named():
    audit = {"protocol": "source", "sources": ["vienna_dias", "rosendahl"]}
    assert "(vienna_dias, rosendahl) are tested" in describe_split(audit)
