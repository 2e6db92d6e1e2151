"""Why the second arm falls below the first: the ladder of arms, in words."""

from collections.abc import Mapping
from typing import Any

from lesionlab.comparison.verdict import (
    HELPED,
    HURT,
    NO_DIFFERENCE,
    ONE_TRAINING,
    UNDECIDED,
)
from lesionlab.words.phrases import LESIONS, format_interval, name_metric

WHOLE, CUT = "original", "segmented"  # the fall that the ladder explains
TURNED = {HELPED: HURT, HURT: HELPED}
NEEDED = {
    "masks": "arms segmented and segmented_true",
    "context": "arms segmented_true and crop",
    "background": "arm background",
}
CAUSES = {
    "masks": "wrong masks",
    "context": "lost context",
    "background": "a background that tells the class, which arm original can have read",
}
# what a step says, by the kind of its verdict
SAID = {
    "masks": {
        HELPED: "the expert's masks do better than the predicted ones: wrong masks "
        "cost something",
        HURT: "the expert's masks do worse than the predicted ones: wrong masks are "
        "not what costs",
        NO_DIFFERENCE: "the expert's masks do neither better nor worse than the "
        "predicted ones by a difference that matters",
        UNDECIDED: "whether the expert's masks do better than the predicted ones stays "
        "open",
    },
    "context": {
        HELPED: "the lesion with the skin around it does better than the lesion "
        "alone: lost context costs something",
        HURT: "the lesion with the skin around it does worse than the lesion alone: "
        "lost context is not what costs",
        NO_DIFFERENCE: "the lesion with the skin around it does neither better nor "
        "worse than the lesion alone by a difference that matters",
        UNDECIDED: "whether the lesion with the skin around it does better than the "
        "lesion alone stays open",
    },
    "background": {
        HELPED: "a picture without the lesion tells {positive} better than chance: a "
        "network that is shown the whole photograph can read the background",
        HURT: "a picture without the lesion tells {positive} worse than chance, which "
        "no reading of the background explains",
        NO_DIFFERENCE: "a picture without the lesion tells {positive} no better than "
        "chance by a difference that matters: what can be read in the background "
        "would not move the AUC by the margin",
        UNDECIDED: "whether a picture without the lesion tells {positive} better than "
        "chance stays open",
    },
}


def explain_step(row: Mapping[str, Any], *, positive: str, confidence: float) -> str:
    """Say what one step of the ladder shows.

    Parameters
    ----------
    row : Mapping
        Of ``comparison.json``'s ``ladder``.
    positive : str
        The positive class.
    confidence : float
        Of the interval.

    Returns
    -------
    str
        A sentence.
    """
    step, kind = row["step"], row["kind"]
    difference = (
        f"AUC of {row['b']} minus 0.5"
        if row["a"] is None
        else f"{name_metric(row['metric'], positive)} of {row['b']} minus {row['a']}"
    )
    if kind in SAID[step]:
        said = SAID[step][kind].format(positive=positive)
        figure = format_interval(row, value="difference", signed=True)
        covers = f"{confidence:.0%} interval over lesions and trainings"
    elif kind == ONE_TRAINING:
        said = "one training establishes nothing"
        figure = format_interval(row, LESIONS, value="difference", signed=True)
        covers = f"{confidence:.0%} interval over lesions alone"
    else:
        return f"{_head(step)}: the test set is too small, or the arms share no seed."
    return f"{_head(step)}: {said} ({difference}: {figure}, {covers})."


def _head(step: str) -> str:
    return {"masks": "Masks", "context": "Context", "background": "Background"}[step]


def explain_ladder(comparison: Mapping[str, Any]) -> dict[str, Any] | None:
    """Say whether B is below A, and which reasons for it are shown.

    The rules: a reason is *shown* where its step helped, *ruled out* where its step
    made no difference that matters or hurt, and else *open*; a step whose arms were not
    run was *not asked*. That the background tells the class shows that the network of
    arm original can have read it, not that it did.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.

    Returns
    -------
    dict or None
        ``conclusion``, a sentence or more, and ``steps``, a sentence each; None where
        no step was run.
    """
    rows = {row["step"]: row for row in comparison["ladder"]}
    if not rows:
        return None
    verdicts = {(v["a"], v["b"]): v["kind"] for v in comparison["verdicts"]}
    fall = verdicts.get((WHOLE, CUT))
    if turned := verdicts.get((CUT, WHOLE)):
        fall = TURNED.get(turned, turned)
    words = {
        "positive": comparison["positive_class"],
        "confidence": comparison["confidence"],
    }
    return {
        "conclusion": conclude(fall, {step: row["kind"] for step, row in rows.items()}),
        "steps": [explain_step(row, **words) for row in rows.values()],
    }


def conclude(fall: str | None, steps: Mapping[str, str]) -> str:
    """Draw the conclusion of the ladder.

    Parameters
    ----------
    fall : str or None
        Kind of the verdict on original against segmented; None where not both ran.
    steps : Mapping
        By step, the kind of its verdict.

    Returns
    -------
    str
        A sentence or more.
    """
    heads = {
        HURT: "Arm segmented is below arm original.",
        HELPED: "Arm segmented is above arm original: there is no fall to explain.",
        NO_DIFFERENCE: "Arms segmented and original differ by nothing that matters: "
        "there is no fall to explain.",
        None: "Arms original and segmented were not both run: the steps stand alone.",
    }
    head = heads.get(
        fall, "Whether arm segmented is below arm original is not established."
    )
    shown = [CAUSES[step] for step, kind in steps.items() if kind == HELPED]
    gone = (NO_DIFFERENCE, HURT)
    ruled_out = [CAUSES[step] for step, kind in steps.items() if kind in gone]
    unclear = [
        CAUSES[step] for step, kind in steps.items() if kind not in (HELPED, *gone)
    ]
    missing = [
        f"{CAUSES[step]} (needs {arms})"
        for step, arms in NEEDED.items()
        if step not in steps
    ]
    groups = {
        "Shown": shown,
        "Ruled out, beyond the margin": ruled_out,
        "Open": unclear,
        "Not asked": missing,
    }
    parts = [f"{verb}: {'; '.join(group)}." for verb, group in groups.items() if group]
    return " ".join([head, *parts])
