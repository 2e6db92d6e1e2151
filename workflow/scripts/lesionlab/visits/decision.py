"""The operating point that was chosen: what it decides, and what that means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lesionlab.application.table import answer_arm
from lesionlab.bundle.manifest import Bundle


@dataclass(frozen=True)
class Choice:
    """What a user has chosen on the page.

    Parameters
    ----------
    language : str
        Of :data:`~lesionlab.visits.texts.LANGUAGES`.
    wanted : int
        How many of 100 of the positive class shall be found.
    """

    language: str
    wanted: int


def list_arms(bundle: Bundle) -> list[str]:
    """List the arms, that which answers first."""
    first = answer_arm(bundle)
    return [first, *(arm for arm in bundle.facts["arms"] if arm != first)]


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
    rows = []
    for arm in list_arms(bundle):
        point = find_point(bundle, arm, choice.wanted)
        if point is None:
            continue
        sent = [_of_100(point["sent"][name]) for name in bundle.classes]
        threshold = write_probability(point["threshold"])
        rows.append({"arm": arm, "threshold": threshold, "sent": sent})
    first = bundle.facts["arms"][answer_arm(bundle)]
    return {
        "rows": rows,
        "classes": bundle.classes,
        "positive": bundle.positive,
        "n": first["n"]["test"],
        "valid": first["n"]["valid"],
        "wanted": choice.wanted,
    }


def decide(
    p: float, point: Mapping[str, Any] | None, positive: str, tell: Callable[..., str]
) -> dict[str, Any]:
    """Say whether a photograph is sent on, and why.

    Parameters
    ----------
    p : float
        Probability of the positive class, in 0..1.
    point : Mapping, optional
        Of :func:`find_point`.
    positive : str
        The positive class.
    tell : Callable
        Says a text of the page.

    Returns
    -------
    dict
        ``sent``, None where there is no point, and ``why``.
    """
    if point is None:
        return {"sent": None, "why": tell("no_point", positive=positive)}
    sent = p >= point["threshold"]
    found = point["sent"][positive]
    return {
        "sent": sent,
        "why": tell(
            "sent_why" if sent else "kept_why",
            positive=positive,
            p=write_probability(p),
            threshold=write_probability(point["threshold"]),
            missed=tell("unknown") if found is None else f"{100 * (1 - found):.0f}",
        ),
    }


def _of_100(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.0f}"


def write_probability(p: float) -> str:
    """Write a probability in percent, never as impossible or certain."""
    if p < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if p >= 0.9995 else f"{100 * p:.1f} %"
