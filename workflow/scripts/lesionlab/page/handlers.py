"""What the page does when it is used; every answer is for the visit that asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from lesionlab.visits.decision import Choice
from lesionlab.visits.desk import Desk
from lesionlab.visits.texts import LANGUAGES, choose_language, say
from lesionlab.visits.views import LIMITS, fill

# parts of the page whose words depend on the language
SPOKEN = (
    "banner",
    "intro",
    "zone",
    "status",
    "slider",
    "meaning",
    "attention",
    "save_csv",
    "save_page",
    "forget",
    "cards",
)
PROBLEMS = ("too_many", "too_large", "not_sent")


@dataclass(frozen=True)
class Handlers:
    """The page's answers to what happens on it.

    Parameters
    ----------
    desk : Desk
        That does the work.
    """

    desk: Desk

    def begin(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[Any]:
        """Open the page in the language of the browser."""
        language = choose_language(request.headers.get("accept-language", ""))
        spoken = self.translate(language, wanted, attention, request)
        return [language, *spoken]

    def translate(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[Any]:
        """Say everything in another language, in the order of :data:`SPOKEN`."""
        choice = _choose(language, wanted)
        facts = self.desk.networks.bundle.facts
        positive = facts["positive_class"]
        classes = ", ".join(facts["classes"])
        words: dict[str, Any] = {
            "banner": fill("banner.html", choice.language),
            "intro": fill(
                "intro.html", choice.language, run=facts["run"], classes=classes
            ),
            "zone": fill("zone.html", choice.language, **LIMITS),
            "status": self._count(choice, request),
            "slider": gr.update(
                label=say("slider", choice.language, positive=positive),
                info=say("slider_info", choice.language, positive=positive),
            ),
            "meaning": self.desk.explain(choice),
            "attention": gr.update(label=say("attention", choice.language)),
            "cards": self._show(choice, attention, request),
        }
        for name in ("save_csv", "save_page", "forget"):
            words[name] = say(name, choice.language)
        return [words[name] for name in SPOKEN]

    def judge(
        self,
        language: str,
        wanted: float,
        attention: bool,
        request: gr.Request,
        event: gr.EventData,
    ) -> Iterator[list[Any]]:
        """Judge what was dropped, and say how far it is."""
        choice, visit = _choose(language, wanted), _visit(request)
        files = read_files(event._data)
        for done, total in self.desk.judge(visit, files):
            told = _tell("judging", choice, done=done + 1, all=total)
            yield [told, "" if done == 0 else gr.skip()]
        if attention:
            yield from self._attend(choice, visit)
        yield [self._count(choice, request), self._show(choice, attention, request)]

    def attend(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> Iterator[list[Any]]:
        """Show, or hide, where the networks looked."""
        choice, visit = _choose(language, wanted), _visit(request)
        if attention:
            yield from self._attend(choice, visit)
        yield [self._count(choice, request), self._show(choice, attention, request)]

    def _attend(self, choice: Choice, visit: str) -> Iterator[list[Any]]:
        for done, total in self.desk.attend(visit):
            yield [_tell("attending", choice, done=done + 1, all=total), gr.skip()]

    def decide(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[str]:
        """Decide anew at another operating point."""
        choice = _choose(language, wanted)
        return [self.desk.explain(choice), self._show(choice, attention, request)]

    def save_table(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> str:
        """Make the table ready to be fetched."""
        del attention
        return self.desk.save_table(_visit(request), _choose(language, wanted))

    def save_page(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> str:
        """Make the page for printing ready to be fetched."""
        choice = _choose(language, wanted)
        return self.desk.save_page(_visit(request), choice, attention=bool(attention))

    def forget(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[str]:
        """Forget all that was dropped."""
        del attention
        self.desk.forget(_visit(request))
        return [_tell("forgotten", _choose(language, wanted)), ""]

    def leave(self, request: gr.Request) -> None:
        """Forget a visit whose page was closed."""
        self.desk.forget(_visit(request))

    def _count(self, choice: Choice, request: gr.Request) -> str:
        cases = self.desk.visit(_visit(request)).cases
        if not cases:
            return _tell("nothing", choice)
        refused = sum(bool(case.reason) for case in cases)
        return _tell("done", choice, judged=len(cases) - refused, refused=refused)

    def _show(self, choice: Choice, attention: bool, request: gr.Request) -> str:
        return self.desk.show(_visit(request), choice, attention=bool(attention))


def read_files(data: Any) -> list[dict[str, str]]:
    """Read what a browser says that it sent; nothing of it is believed.

    Parameters
    ----------
    data : Any
        Of the event.

    Returns
    -------
    list of dict
        ``name`` and ``token`` or ``problem``; what has no such shape is left out.
    """
    files = data.get("files") if isinstance(data, Mapping) else None
    read = []
    for one in files if isinstance(files, list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            continue
        file = {"name": "".join(c for c in one["name"] if c.isprintable())}
        if one.get("problem") in PROBLEMS:
            file["problem"] = one["problem"]
        elif isinstance(one.get("token"), str):
            file["token"] = one["token"]
        else:
            file["problem"] = "not_sent"
        read.append(file)
    return read


def _choose(language: str, wanted: float) -> Choice:
    known = language if language in LANGUAGES else next(iter(LANGUAGES))
    return Choice(known, round(wanted))


def _visit(request: gr.Request) -> str:
    return str(request.session_hash)


def _tell(key: str, choice: Choice, **values: object) -> str:
    words = say(key, choice.language, **values)
    return fill("status.html", choice.language, words=words)
