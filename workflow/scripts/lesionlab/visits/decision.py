"""The operating point that was chosen: what it decides, and what that means."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from lesionlab.application.table import answer_arm, list_arms
from lesionlab.bundle.manifest import Bundle
from lesionlab.visits.texts import say


@dataclass(frozen=True)
class Choice:
    """What a user has chosen on the page.

    Parameters
    ----------
    language : str
        Of :data:`~lesionlab.visits.texts.LANGUAGES`.
    wanted : int
        How many of 100 of the positive class shall be found.
    attention : bool
        Whether attention is shown, where it was found.
    """

    language: str
    wanted: int
    attention: bool = False


def list_wanted(bundle: Bundle) -> list[int]:
    """List the sensitivities that the curves hold, in percent; none without any."""
    curve = bundle.facts["arms"][answer_arm(bundle)]["curve"]
    return sorted({round(100 * row["wanted"]) for row in curve})


def find_point(bundle: Bundle, arm: str, wanted: int) -> dict[str, Any] | None:
    """Find the row of an arm's curve for a wanted sensitivity, in percent.

    Parameters
    ----------
    bundle : Bundle
        With its curves.
    arm : str
        One of its arms.
    wanted : int
        Of 100.

    Returns
    -------
    dict, optional
        None where no threshold could be chosen: no validation photograph showed the
        positive class.
    """
    curve: list[dict[str, Any]] = bundle.facts["arms"][arm]["curve"]
    return min(curve, key=lambda row: abs(100 * row["wanted"] - wanted), default=None)


def find_interval(bundle: Bundle, arm: str, wanted: int) -> tuple[float, float] | None:
    """Find the interval of an arm's sensitivity on test, in 0..1.

    Parameters
    ----------
    bundle : Bundle
        With its operating points.
    arm : str
        One of its arms.
    wanted : int
        Of 100.

    Returns
    -------
    tuple of float, optional
        None where the bundle has none: of the curve, it knows that of a few points.
    """
    for point in bundle.facts["arms"][arm]["operating_points"]:
        low, high = (point["sensitivity"][end] for end in ("low", "high"))
        if math.isclose(100 * point["wanted"], wanted) and low is not None:
            return low, high
    return None


def count_tested(bundle: Bundle, arm: str, name: str) -> int | None:
    """Count the test photographs of a class; None in a bundle that does not know."""
    counts: dict[str, int] = bundle.facts["arms"][arm]["n"].get("photographs", {})
    return counts.get(name)


def describe_point(bundle: Bundle, choice: Choice) -> dict[str, Any]:
    """Say for every arm what the chosen operating point means.

    Parameters
    ----------
    bundle : Bundle
        With its curves.
    choice : Choice
        Of the user.

    Returns
    -------
    dict
        For the template ``meaning.html``.
    """
    tell = partial(say, language=choice.language)
    rows = []
    for arm in list_arms(bundle):
        point = find_point(bundle, arm, choice.wanted)
        if point is None:
            continue
        cells = [
            _tell_sent(point["sent"][name], count_tested(bundle, arm, name), tell)
            for name in bundle.classes
        ]
        if found := find_interval(bundle, arm, choice.wanted):
            low, high = map(write_share, found)
            cells[bundle.positive] += tell("interval", low=low, high=high)
        threshold = write_probability(point["threshold"])
        rows.append({"arm": arm, "threshold": threshold, "sent": cells})
    first = bundle.facts["arms"][answer_arm(bundle)]
    return {
        "rows": rows,
        "classes": bundle.classes,
        "positive": bundle.positive,
        "n": first["n"]["test"],
        "valid": first["n"]["valid"],
        "wanted": choice.wanted,
        "folds": len(bundle.facts["segmenters"]) > 1,
    }


def _tell_sent(share: float | None, n: int | None, tell: Callable[..., str]) -> str:
    if share is None:
        return tell("unknown")
    if n is None:
        return tell("count_of_100", count=write_share(share))
    return tell("count_of", count=round(share * n), n=n)


def decide(bundle: Bundle, arm: str, p: float, choice: Choice) -> dict[str, Any]:
    """Say whether a photograph is sent on, and why.

    Parameters
    ----------
    bundle : Bundle
        With its curves.
    arm : str
        Whose decision it is.
    p : float
        Its probability of the positive class, in 0..1.
    choice : Choice
        Of the user.

    Returns
    -------
    dict
        ``sent``, None where there is no operating point, and ``why``.
    """
    tell = partial(say, language=choice.language)
    positive = bundle.classes[bundle.positive]
    point = find_point(bundle, arm, choice.wanted)
    if point is None:
        return {"sent": None, "why": tell("no_point", positive=positive)}
    told = {"positive": positive, **_tell_apart(p, point["threshold"])}
    if p >= point["threshold"]:
        return {"sent": True, "why": tell("sent_why", **told)}
    missed = _tell_missed(bundle, arm, point["sent"][positive], choice)
    return {"sent": False, "why": f"{tell('kept_why', **told)} {missed}"}


def _tell_apart(p: float, threshold: float) -> dict[str, str]:
    """Write both, with more digits where one below the other would read the same."""
    low, high, digits = write_probability(p), write_probability(threshold), 1
    while p < threshold and low == high and digits < 6:
        digits += 1
        low, high = (f"{100 * share:.{digits}f} %" for share in (p, threshold))
    return {"p": low, "threshold": high}


def _tell_missed(bundle: Bundle, arm: str, found: float | None, choice: Choice) -> str:
    """Say how many of the positive class were missed on test, and of how many."""
    tell = partial(say, language=choice.language)
    positive = bundle.classes[bundle.positive]
    if found is None:
        return tell("missed_unknown", positive=positive)
    interval = ""
    if known := find_interval(bundle, arm, choice.wanted):
        low, high = (write_share(1 - end) for end in reversed(known))
        interval = tell("interval", low=low, high=high)
    told: dict[str, Any] = {"positive": positive, "interval": interval}
    n = count_tested(bundle, arm, positive)
    if n is not None:
        missed = round((1 - found) * n)
        key = "missed_some" if missed else "missed_none"
        return tell(key, missed=missed, n=n, **told)
    told["n"] = bundle.facts["arms"][arm]["n"]["test"]
    if found == 1:
        return tell("missed_none_share", **told)
    return tell("missed_share", missed=write_share(1 - found), **told)


def write_share(share: float) -> str:
    """Write a share as of 100, with a decimal where none would say never or always."""
    rounded = f"{100 * share:.0f}"
    exact = share in (0, 1) or rounded not in ("0", "100")
    return rounded if exact else f"{100 * share:.1f}"


def write_probability(p: float) -> str:
    """Write a probability in percent, never as impossible or certain."""
    if p < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if p >= 0.9995 else f"{100 * p:.1f} %"
