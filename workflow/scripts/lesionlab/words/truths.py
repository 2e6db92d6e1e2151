"""What is true of a phantom, and whether the verdict agrees.

Most truths are so by construction. What hangs on how well a network learns was measured
with many trainings for the phantom of config.yaml (`make prove`).
"""

from collections.abc import Mapping
from typing import Any

from lesionlab.comparison.verdict import HELPED, HURT, NO_DIFFERENCE
from lesionlab.words.phrases import (
    BOTH,
    format_bounds,
    format_figure,
    is_leak,
    name_metric,
)

EQUAL, UNKNOWN = "equal", "unknown"
OPEN = "leaves it open"
# where the class shows: arms that hold all of the signal, and arms that hold none
HOLD = {
    "lesion": ({"original", "segmented_true", "crop"}, {"background"}),
    "background": ({"original", "background"}, {"segmented_true"}),
    "misleading": ({"segmented_true"}, {"original"}),
}
SIGNALS = {
    "none": "the class shows nowhere, so that no arm can tell it and all are equal",
    "lesion": "the class shows in the lesion alone",
    "background": "the class shows in the skin around the lesion alone",
    "both": "the class shows in the lesion and in the skin around it",
    "misleading": "each photograph shows a decoy beside the lesion, so that the whole "
    "photograph tells nothing and the lesion alone tells the class",
}
TRUE_KIND = {EQUAL: NO_DIFFERENCE, HELPED: HELPED, HURT: HURT}


def true_difference(signal: str, a: str, b: str) -> str:
    """Tell what is true of two arms, however well a network learns.

    Parameters
    ----------
    signal : str
        ``dataset.phantom.signal``.
    a, b : str
        Names of the arms.

    Returns
    -------
    str
        *helped* (b is better), *hurt*, *equal*, or *unknown* where it hangs on what a
        network learns.
    """
    if signal == "none":
        return EQUAL
    whole, nothing = HOLD.get(signal, (set(), set()))
    if a in whole and b in nothing:
        return HURT
    if a in nothing and b in whole:
        return HELPED
    return UNKNOWN


def agree(truth: str, kind: str) -> str:
    """Say whether a verdict agrees with the truth.

    Parameters
    ----------
    truth : str
        From :func:`true_difference`.
    kind : str
        Of the verdict.

    Returns
    -------
    str
        *agrees*, *disagrees*, or *leaves it open* where the verdict decides nothing or
        the truth is unknown.
    """
    if truth == UNKNOWN or kind not in (HELPED, HURT, NO_DIFFERENCE):
        return OPEN
    return "agrees" if kind == TRUE_KIND[truth] else "disagrees"


def agree_with_measured(truth: Mapping[str, Any], kind: str, *, margin: float) -> str:
    """Say whether a verdict agrees with a difference that was measured.

    Parameters
    ----------
    truth : Mapping
        ``low`` and ``high`` of the true difference.
    kind : str
        Of the verdict.
    margin : float
        The smallest difference that matters.

    Returns
    -------
    str
        *agrees* or *disagrees* where the whole interval does, else *leaves it open*.
    """
    low, high = truth["low"], truth["high"]
    if kind not in (HELPED, HURT, NO_DIFFERENCE):
        return OPEN
    if kind == NO_DIFFERENCE:
        right, wrong = -margin < low and high < margin, max(low, -high) >= margin
    elif kind == HELPED:
        right, wrong = low > 0, high < 0
    else:
        right, wrong = high < 0, low > 0
    return "agrees" if right else "disagrees" if wrong else OPEN


def tell_truth(
    comparison: Mapping[str, Any],
    *,
    signal: str,
    strength: float,
    measured: Mapping[str, Any] | None = None,
) -> list[str]:
    """Say what is true of this phantom, and of each pair of arms.

    Parameters
    ----------
    comparison : Mapping
        ``comparison.json``.
    signal : str
        ``dataset.phantom.signal``.
    strength : float
        Of the signal: 0 hides it.
    measured : Mapping, optional
        A pair whose difference many trainings measured: ``a``, ``b``, ``metric``,
        ``positive_class``, ``difference``, ``low``, ``high`` and ``trainings``.

    Returns
    -------
    list of str
        A sentence on the phantom, then one on each pair of which something is known,
        the first pair always. Of protocol ``leak`` nothing is known.
    """
    if comparison["verdicts"] and is_leak(comparison["verdicts"][0]["a"]):
        return []
    signal = signal if strength else "none"
    sentences = [f"The truth of this phantom: {SIGNALS[signal]}."]
    for number, verdict in enumerate(comparison["verdicts"]):
        a, b, kind = (verdict[key] for key in ("a", "b", "kind"))
        truth = true_difference(signal, a, b)
        if truth != UNKNOWN:
            known = {
                EQUAL: "there is no difference",
                HELPED: f"{b} is better",
                HURT: f"{b} is worse",
            }[truth]
            stand = agree(truth, kind)
        elif measured and _is_of(measured, verdict):
            known = _say_measured(measured)
            stand = agree_with_measured(measured, kind, margin=verdict["margin"])
        elif number == 0:
            known, stand = "the sign of the difference is not known by construction", ""
        else:
            continue
        said = f"({kind}) {stand}{'' if stand == OPEN else ' with that'}"
        ending = f"the verdict {said}" if stand else f"the verdict is: {kind}"
        sentences.append(f"Arm {b} against {a}: {known}; {ending}.")
    return sentences


def _is_of(measured: Mapping[str, Any], verdict: Mapping[str, Any]) -> bool:
    return all(measured[key] == verdict[key] for key in ("a", "b", "metric"))


def _say_measured(measured: Mapping[str, Any]) -> str:
    name = name_metric(measured["metric"], measured["positive_class"])
    figure = format_figure(measured["difference"], signed=True)
    interval = format_bounds(measured, BOTH, signed=True)
    return (
        f"the true difference in {name} was measured with {measured['trainings']} "
        f"trainings of each: {figure} ({interval})"
    )
