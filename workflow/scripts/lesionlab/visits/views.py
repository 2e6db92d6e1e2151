"""From cases to what is read: cards, the table of all, the meaning of a decision."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lesionlab.bundle.manifest import Bundle
from lesionlab.visits.attention import Attention
from lesionlab.visits.cases import HEAVIEST, LARGEST, MOST, Case
from lesionlab.visits.decision import (
    Choice,
    decide,
    find_point,
    list_arms,
    write_probability,
)
from lesionlab.visits.texts import TEXTS, say

MILLION = 1_000_000
PERCENT = re.compile(r"(\d) %")  # never apart at the end of a line
TEMPLATES = Path(__file__).parent / "templates"
LIMITS: dict[str, object] = {
    "most": MOST,
    "megabytes": HEAVIEST // MILLION,
    "megapixels": LARGEST // MILLION,
}


def say_reason(case: Case, choice: Choice) -> str:
    """Say why a file was refused; empty if it was judged."""
    if not case.reason:
        return ""
    key, why = case.reason
    return say(key, choice.language, **{**LIMITS, "why": why})


def describe_case(
    case: Case,
    number: int,
    bundle: Bundle,
    choice: Choice,
    *,
    cases: Sequence[tuple[str, str]],
    attention: Mapping[str, Attention | None],
    address: Callable[[str], str],
) -> dict[str, Any]:
    """Put a case into the words of a card.

    Parameters
    ----------
    case : Case
        A photograph.
    number : int
        Its place among those of the visit.
    bundle : Bundle
        Whose networks judged it.
    choice : Choice
        Of the user.
    cases : sequence of tuple of str
        ``image_id`` and label of the training photographs.
    attention : Mapping
        By arm, as far as it was asked for; None where there are no weights.
    address : Callable
        Of a picture's name, for ``src``; of ``near-<row>`` a thumbnail.

    Returns
    -------
    dict
        For the template ``cards.html``.
    """
    tell = partial(say, language=choice.language)
    card: dict[str, Any] = {"id": f"case-{number}", "name": case.name}
    if case.reason:
        return {**card, "reason": say_reason(case, choice)}
    area = _share(case.row["lesion_share"])
    licence = bundle.facts["training"]["licence"]
    alarms = bundle.facts["likeness"]["false_alarms"]
    card |= {
        "reason": "",
        "area": area,
        "found": case.row["lesion_pixels"] > 0,
        "outline": address("outline"),
        "cutout": address("cutout"),
        "arms": [_describe_arm(case, arm, bundle, choice) for arm in list_arms(bundle)],
        "warnings": [
            (tell(words), tell("warning_alarms", n=f"{100 * alarms[words]:.1f}"))
            for words in case.warnings
        ],
        "licence": licence,
        "neighbours": [
            {
                "id": cases[row][0],
                "label": cases[row][1],
                "src": address(f"near-{row}") if licence else "",
            }
            for row in case.neighbours
        ],
        "attention": [
            _describe_attention(case, arm, one, bundle, tell, address)
            for arm, one in attention.items()
        ],
    }
    return card


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def _describe_arm(
    case: Case, arm: str, bundle: Bundle, choice: Choice
) -> dict[str, Any]:
    tell = partial(say, language=choice.language)
    about, probabilities = bundle.facts["arms"][arm], case.probabilities[arm]
    point = find_point(bundle, arm, choice.wanted)
    positive = bundle.classes[bundle.positive]
    p = float(probabilities[bundle.positive])
    prevalence = ", ".join(
        f"{name} {100 * share:.3g} %"
        for name, share in zip(
            bundle.classes, about["calibration"]["prevalence"], strict=True
        )
    )
    words = f"arm_{arm}" if f"arm_{arm}" in TEXTS else "arm_other"
    n = len(about["members"])
    return {
        "name": arm,
        "what": tell(words),
        "members": tell("networks", n=n) if n > 1 else tell("one_network"),
        "bars": [
            {
                "name": name,
                "width": f"{100 * q:.1f}",
                "p": write_probability(float(q)),
                "positive": name == positive,
            }
            for name, q in zip(bundle.classes, probabilities, strict=True)
        ],
        "words": tell(
            "probability_words",
            n=_about(p, tell),
            name=positive,
            prevalence=prevalence,
        ),
        "p": write_probability(p),
        **decide(p, point, positive, tell),
    }


def _about(p: float, tell: Callable[..., str]) -> str:
    """Say of how many in 100, never none and never all."""
    if p < 0.005:
        return tell("fewer_than_one")
    return tell("more_than_99") if p > 0.995 else tell("about", n=f"{100 * p:.0f}")


def _describe_attention(
    case: Case,
    arm: str,
    attention: Attention | None,
    bundle: Bundle,
    tell: Callable[..., str],
    address: Callable[[str], str],
) -> dict[str, Any]:
    positive = bundle.classes[bundle.positive]
    title = tell("attention_of", arm=arm, positive=positive)
    if attention is None:
        return {"title": title, "src": "", "words": tell("attention_missing")}
    if attention.grid is None:
        return {"title": title, "src": "", "words": tell("attention_none")}
    if attention.share is None:
        words = tell("attention_nothing", positive=positive)
        return {"title": title, "src": "", "words": words}
    height, width = attention.grid.shape
    share = f"{100 * attention.share:.0f} %"
    return {
        "title": title,
        "src": address(f"attention-{arm}"),
        "alt": tell("attention_alt", arm=arm, name=case.name, share=share),
        "words": tell(
            "attention_share",
            share=share,
            area=_share(case.row["lesion_share"]),
            positive=positive,
            grid=f"{height} x {width}",
        ),
    }


def fill(template: str, language: str, **content: Any) -> str:
    """Fill one of the templates; all that is put into it is escaped.

    Parameters
    ----------
    template : str
        Name of a file in ``templates/``.
    language : str
        Of its texts, which it calls as ``say(key, ...)``.
    **content : Any
        What it names.

    Returns
    -------
    str
        HTML.
    """
    tell = partial(say, language=language)
    page = _environment().get_template(template)
    filled = page.render(say=tell, language=language, **content)
    return PERCENT.sub(r"\1&nbsp;%", filled)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
