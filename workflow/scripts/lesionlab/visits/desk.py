"""Who dropped what: the cases of every visit, judged, drawn, saved and forgotten."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

import numpy as np

from lesionlab.application.engine import Networks
from lesionlab.visits.attention import Attention, attend, draw_attention
from lesionlab.visits.cases import MOST, Case, decode_small, encode, open_case, refuse
from lesionlab.visits.decision import Choice, describe_point, list_arms
from lesionlab.visits.saving import embed, write_table
from lesionlab.visits.shelf import Shelf
from lesionlab.visits.views import describe_case, fill

VISITS = 32  # whose cases are kept; the longest unused is forgotten first
LISTED = 500  # files of a drop that get a line
NAME = 200  # letters of a file's name
JPEG = "image/jpeg"


@dataclass
class Visit:
    """What one open page shows.

    Parameters
    ----------
    cases : list of Case
        In the order of their files.
    pictures : list of dict
        By case: names on the album, by name of picture.
    attention : list of dict
        By case: attention by arm, as far as it was asked for.
    """

    cases: list[Case] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    attention: list[dict[str, Attention | None]] = field(default_factory=list)


@dataclass
class Desk:
    """All visits of the page; a name that nobody guesses stands for each.

    Parameters
    ----------
    networks : Networks
        Of the bundle.
    tray : Shelf
        Photographs that wait.
    album : Shelf
        What is shown and saved.
    """

    networks: Networks
    tray: Shelf
    album: Shelf
    _visits: OrderedDict[str, Visit] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def training(self) -> list[tuple[str, str]]:
        """Name and label of each training photograph."""
        cases = self.networks.cases
        return list(zip(cases["image_id"], cases["label"], strict=True))

    @cached_property
    def thumbnails(self) -> np.ndarray | None:
        """Pictures of the training photographs, uint8 (M, 96, 96, 3), if shown."""
        bundle = self.networks.bundle
        name = bundle.facts["training"]["thumbnails"]
        return None if name is None else np.load(bundle.folder / name, mmap_mode="r")

    def visit(self, name: str) -> Visit:
        """Find a visit, or begin it."""
        with self._lock:
            found = self._visits.setdefault(name, Visit())
            self._visits.move_to_end(name)
            gone = [*self._visits][: max(0, len(self._visits) - VISITS)]
            for one in gone:
                del self._visits[one]
        for one in gone:
            self.album.drop(one)
        return found

    def forget(self, name: str) -> None:
        """Forget a visit and all its pictures."""
        with self._lock:
            self._visits.pop(name, None)
        self.album.drop(name)

    def judge(
        self, name: str, files: Sequence[Mapping[str, str]]
    ) -> Iterator[tuple[int, int]]:
        """Judge what was dropped, in the place of what was there.

        Parameters
        ----------
        name : str
            Of the visit.
        files : sequence of Mapping
            ``name`` and either ``token`` on the tray or ``problem``, a reason.

        Yields
        ------
        tuple of int
            How many are done, and of how many.
        """
        self.forget(name)
        visit = self.visit(name)
        total = min(len(files), LISTED)
        for number, file in enumerate(files[:LISTED]):
            yield number, total
            if not self._lasts(name, visit):
                return
            case = self._open(file, taken=number < MOST)
            pictures = {
                key: self.album.put(content, JPEG, name)
                for key, content in [*case.pictures.items(), *self._near(case)]
            }
            visit.cases.append(case)
            visit.pictures.append(pictures)
            visit.attention.append({})

    def _lasts(self, name: str, visit: Visit) -> bool:
        """Tell whether a visit was not forgotten meanwhile."""
        with self._lock:
            return self._visits.get(name) is visit

    def _open(self, file: Mapping[str, str], *, taken: bool) -> Case:
        item = self.tray.take(file.get("token", ""))
        called = file["name"][:NAME]
        if "problem" in file:
            return refuse(called, file["problem"])
        if not taken:
            return refuse(called, "too_many")
        if item is None:
            return refuse(called, "not_sent")
        try:
            return open_case(self.networks, called, item.content)
        except Exception:  # one strange file must not take the others with it
            logging.getLogger(__name__).exception("a photograph could not be judged")
            return refuse(called, "failed")

    def _near(self, case: Case) -> list[tuple[str, bytes]]:
        if self.thumbnails is None:
            return []
        return [
            (f"near-{row}", encode(np.asarray(self.thumbnails[row])))
            for row in case.neighbours
        ]

    def attend(self, name: str) -> Iterator[tuple[int, int]]:
        """Find where the networks looked, on each photograph of a visit.

        Parameters
        ----------
        name : str
            Of the visit.

        Yields
        ------
        tuple of int
            How many are done, and of how many.
        """
        visit, bundle = self.visit(name), self.networks.bundle
        for number, case in enumerate(visit.cases):
            yield number, len(visit.cases)
            if not self._lasts(name, visit):
                return
            if case.mask is None or visit.attention[number]:
                continue
            found: dict[str, Attention | None] = {}
            for arm in list_arms(bundle):
                weights = bundle.facts["arms"][arm].get("weights")
                if weights is None:
                    found[arm] = None
                    continue
                seen = attend(
                    bundle.folder / weights,
                    case.shown[arm],
                    case.mask,
                    positive=bundle.positive,
                )
                found[arm] = seen
                if seen.grid is not None:
                    drawn = self._draw(case, arm, seen.grid)
                    token = self.album.put(drawn, JPEG, name)
                    visit.pictures[number][f"attention-{arm}"] = token
            visit.attention[number] = found

    def _draw(self, case: Case, arm: str, grid: np.ndarray) -> bytes:
        """Draw attention over what the network was shown, as large as the outline."""
        base = "cutout" if arm == "segmented" else "photograph"
        return encode(draw_attention(decode_small(case.pictures[base]), grid))

    def show(self, name: str, choice: Choice, *, attention: bool) -> str:
        """Write the cards of a visit.

        Parameters
        ----------
        name : str
            Of the visit.
        choice : Choice
            Of the user.
        attention : bool
            Whether attention is shown, where it was found.

        Returns
        -------
        str
            HTML, whose pictures are those of the album.
        """
        return self._write(name, choice, attention=attention, embedded=False)

    def _write(
        self, name: str, choice: Choice, *, attention: bool, embedded: bool
    ) -> str:
        visit, bundle = self.visit(name), self.networks.bundle

        def address(pictures: Mapping[str, str], key: str) -> str:
            token = pictures.get(key, "")
            if not embedded:
                return f"pictures/{token}"
            item = self.album.get(token)
            return "" if item is None else embed(item.content, item.kind)

        cards = [
            describe_case(
                case,
                number,
                bundle,
                choice,
                cases=self.training,
                attention=visit.attention[number] if attention else {},
                address=partial(address, visit.pictures[number]),
            )
            for number, case in enumerate(visit.cases)
        ]
        positive = bundle.classes[bundle.positive]
        arms = list_arms(bundle)
        return fill(
            "cards.html", choice.language, cards=cards, arms=arms, positive=positive
        )

    def explain(self, choice: Choice) -> str:
        """Write what the chosen operating point means, HTML."""
        content = describe_point(self.networks.bundle, choice)
        return fill("meaning.html", choice.language, **content)

    def save_table(self, name: str, choice: Choice) -> str:
        """Put the table of a visit on the album, to be fetched once.

        Parameters
        ----------
        name : str
            Of the visit.
        choice : Choice
            Of the user.

        Returns
        -------
        str
            Its name there.
        """
        content = write_table(self.networks.bundle, self.visit(name).cases, choice)
        return self.album.put(content, "text/csv", name, "lesionlab.csv")

    def save_page(self, name: str, choice: Choice, *, attention: bool) -> str:
        """Put a page that holds all it shows on the album, to be fetched once.

        Parameters
        ----------
        name : str
            Of the visit.
        choice : Choice
            Of the user.
        attention : bool
            Whether attention is shown, where it was found.

        Returns
        -------
        str
            Its name there.
        """
        page = fill(
            "saved.html",
            choice.language,
            facts=self.networks.bundle.facts,
            identity=self.networks.bundle.identity,
            when=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
            meaning=self.explain(choice),
            cards=self._write(name, choice, attention=attention, embedded=True),
        )
        return self.album.put(page.encode(), "text/html", name, "lesionlab.html")
