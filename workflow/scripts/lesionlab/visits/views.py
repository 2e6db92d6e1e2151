"""From cases to what is read: cards, the table of all, the meaning of a decision."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lesionlab.application.photographs import SMALLEST, WIDEST
from lesionlab.application.table import list_arms
from lesionlab.bundle.manifest import Bundle
from lesionlab.classification.arms import ARMS
from lesionlab.visits.attention import Attention
from lesionlab.visits.cases import AT_ONCE, HEAVIEST, PIXELS, Case
from lesionlab.visits.decision import Choice, decide, write_probability
from lesionlab.visits.shelf import TRAY
from lesionlab.visits.texts import TEXTS, say

MILLION = 1_000_000
PERCENT = re.compile(r"(\d) %")  # never apart at the end of a line
TEMPLATES = Path(__file__).parent / "templates"
LIMITS: dict[str, object] = {
    "at_once": AT_ONCE,
    "megabytes": HEAVIEST // MILLION,
    "megapixels": PIXELS // MILLION,
    "smallest": SMALLEST,
    "widest": f"{WIDEST:,}",
    "waiting": TRAY // MILLION,
}


def say_reason(case: Case, choice: Choice) -> str:
    """Say why a file was refused; empty if it was judged."""
    return say(case.reason, choice.language, **LIMITS) if case.reason else ""


def describe_case(
    case: Case,
    number: int,
    bundle: Bundle,
    choice: Choice,
    *,
    cases: Sequence[tuple[str, str]],
    attention: Mapping[str, Attention | str],
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
        By arm, as far as it was asked for; a key of the texts says why there is none.
    address : Callable
        Of a picture's name, for ``src``; of ``near-<row>`` a thumbnail.

    Returns
    -------
    dict
        For the template ``cards.html``.
    """
    card: dict[str, Any] = {"id": f"case-{number}", "name": case.name}
    if case.reason:
        return {**card, "reason": say_reason(case, choice)}
    return {
        **card,
        "reason": "",
        "area": _share(case.row["lesion_share"]),
        "found": case.row["lesion_pixels"] > 0,
        "outline": address("outline"),
        "cutout": address("cutout"),
        "arms": [_describe_arm(case, arm, bundle, choice) for arm in list_arms(bundle)],
        "warnings": _describe_warnings(case, bundle, choice),
        "licence": bundle.facts["training"]["licence"],
        "neighbours": _describe_neighbours(case, bundle, cases, address),
        "attention": [
            _describe_attention(case, arm, one, bundle, choice)
            | {"src": address(f"attention-{arm}") if isinstance(one, Attention) else ""}
            for arm, one in attention.items()
        ],
    }


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def _describe_neighbours(
    case: Case,
    bundle: Bundle,
    cases: Sequence[tuple[str, str]],
    address: Callable[[str], str],
) -> list[dict[str, str]]:
    """Name the nearest training photographs; with no licence they are not shown."""
    shown = bundle.facts["training"]["licence"] is not None
    return [
        {
            "id": cases[row][0],
            "label": cases[row][1],
            "src": address(f"near-{row}") if shown else "",
        }
        for row in case.neighbours
    ]


def _describe_warnings(
    case: Case, bundle: Bundle, choice: Choice
) -> list[tuple[str, str]]:
    """Say each warning, and how often it is wrong."""
    tell = partial(say, language=choice.language)
    alarms = bundle.facts["likeness"]["false_alarms"]
    return [
        (tell(words), tell("warning_alarms", n=f"{100 * alarms[words]:.1f}"))
        for words in case.warnings
    ]


def _describe_arm(
    case: Case, arm: str, bundle: Bundle, choice: Choice
) -> dict[str, Any]:
    tell = partial(say, language=choice.language)
    about, probabilities = bundle.facts["arms"][arm], case.probabilities[arm]
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
        **decide(bundle, arm, p, choice),
    }


def _about(p: float, tell: Callable[..., str]) -> str:
    """Say of how many in 100, never none and never all."""
    if p < 0.005:
        return tell("fewer_than_one")
    return tell("more_than_99") if p > 0.995 else tell("about", n=f"{100 * p:.0f}")


def _describe_attention(
    case: Case, arm: str, attention: Attention | str, bundle: Bundle, choice: Choice
) -> dict[str, Any]:
    tell = partial(say, language=choice.language)
    positive = bundle.classes[bundle.positive]
    title = tell("attention_of", arm=arm, positive=positive)
    if isinstance(attention, str):
        return {"title": title, "words": tell(attention, positive=positive)}
    height, width = attention.grid.shape
    words = [tell("attention_map", positive=positive, grid=f"{height} x {width}")]
    if attention.share is not None:
        share, area = f"{100 * attention.share:.0f} %", _share(case.row["lesion_share"])
        words.insert(0, tell("attention_share", share=share, area=area))
    if ARMS[arm].mask != "none" and len(bundle.facts["segmenters"]) > 1:
        words.append(tell("attention_folds"))
    return {
        "title": title,
        "alt": tell("attention_alt", arm=arm, name=case.name),
        "words": " ".join(words),
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
