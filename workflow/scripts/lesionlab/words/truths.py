"""What is true of a phantom by construction, and whether the verdict agrees."""

from collections.abc import Mapping
from typing import Any

from lesionlab.comparison.verdict import HELPED, HURT, NO_DIFFERENCE
from lesionlab.words.phrases import is_leak

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
WHY_UNKNOWN = {
    ("lesion", "original", "segmented"): "cutting loses no signal as far as the masks "
    "are right, so that the sign of the difference is not known by construction",
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


def tell_truth(
    comparison: Mapping[str, Any], *, signal: str, strength: float
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
            ending = "" if stand == OPEN else " with that"
            sentences.append(
                f"Arm {b} against {a}: {known}; the verdict ({kind}) {stand}{ending}."
            )
        elif number == 0:
            why = WHY_UNKNOWN.get(
                (signal, a, b),
                "the sign of the difference is not known by construction",
            )
            sentences.append(f"Arm {b} against {a}: {why}; the verdict is: {kind}.")
    return sentences
