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
PROBLEMS = ("too_many", "too_large", "no_room", "not_sent")


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
        choice, visit = _choose(language, wanted, attention), _visit(request)
        facts = self.desk.networks.bundle.facts
        positive = facts["positive_class"]
        classes = ", ".join(facts["classes"])
        words: dict[str, Any] = {
            "banner": fill("banner.html", choice.language),
            "intro": fill(
                "intro.html", choice.language, run=facts["run"], classes=classes
            ),
            "zone": fill("zone.html", choice.language, limits=LIMITS, visit=visit),
            "status": self._count(choice, visit),
            "slider": gr.update(
                label=say("slider", choice.language, positive=positive),
                info=say("slider_info", choice.language, positive=positive),
            ),
            "meaning": self.desk.explain(choice),
            "attention": gr.update(label=say("attention", choice.language)),
            "cards": self._show(choice, visit),
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
        """Judge what was dropped, and say how far it is; :meth:`redraw` shows it."""
        choice, visit = _choose(language, wanted, attention), _visit(request)
        files, unlisted = read_files(event._data)
        for done, total in self.desk.judge(visit, files, unlisted=unlisted):
            told = _tell("judging", choice, done=done + 1, all=total)
            yield [told, "" if done == 0 else gr.skip()]
        for told in self.attend(language, wanted, attention, request):
            yield [told, gr.skip()]

    def attend(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> Iterator[str]:
        """Find where the networks looked, if that is shown, and say how far it is."""
        choice, visit = _choose(language, wanted, attention), _visit(request)
        if choice.attention:
            for done, total in self.desk.attend(visit):
                yield _tell("attending", choice, done=done + 1, all=total)
        yield self._count(choice, visit)

    def redraw(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[Any]:
        """Show what was judged as it was chosen by now, not when that began."""
        choice, visit = _choose(language, wanted, attention), _visit(request)
        return [self._count(choice, visit), self._show(choice, visit)]

    def decide(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[str]:
        """Decide anew at another operating point."""
        choice = _choose(language, wanted, attention)
        return [self.desk.explain(choice), self._show(choice, _visit(request))]

    def save_table(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> str:
        """Make the table ready to be fetched."""
        choice = _choose(language, wanted, attention)
        return self.desk.save_table(_visit(request), choice)

    def save_page(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> str:
        """Make the page for printing ready to be fetched."""
        choice = _choose(language, wanted, attention)
        return self.desk.save_page(_visit(request), choice)

    def forget(
        self, language: str, wanted: float, attention: bool, request: gr.Request
    ) -> list[str]:
        """Forget all that was dropped."""
        self.desk.register.forget(_visit(request))
        return [_tell("forgotten", _choose(language, wanted, attention)), ""]

    def leave(self, request: gr.Request) -> None:
        """Forget a visit whose page was closed."""
        self.desk.register.forget(_visit(request))

    def _count(self, choice: Choice, visit: str) -> str:
        entries = self.desk.register.look(visit).entries
        if not entries:
            return _tell("nothing", choice)
        refused = sum(bool(one.case.reason) for one in entries)
        return _tell("done", choice, judged=len(entries) - refused, refused=refused)

    def _show(self, choice: Choice, visit: str) -> str:
        return self.desk.show(visit, choice, lambda token: f"pictures/{token}")


def read_files(data: Any) -> tuple[list[dict[str, str]], int]:
    """Read what a browser says that it sent; nothing of it is believed.

    Parameters
    ----------
    data : Any
        Of the event.

    Returns
    -------
    files : list of dict
        ``name`` and ``token`` or ``problem``; what has no such shape is left out.
    unlisted : int
        Files that it did not name.
    """
    if not isinstance(data, Mapping):
        return [], 0
    files, unlisted = data.get("files"), data.get("unlisted")
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
    return read, max(0, unlisted) if isinstance(unlisted, int) else 0


def _choose(language: str, wanted: float, attention: bool) -> Choice:
    known = language if language in LANGUAGES else next(iter(LANGUAGES))
    return Choice(known, round(wanted), bool(attention))


def _visit(request: gr.Request) -> str:
    return str(request.session_hash)


def _tell(key: str, choice: Choice, **values: object) -> str:
    words = say(key, choice.language, **values)
    return fill("status.html", choice.language, words=words)
