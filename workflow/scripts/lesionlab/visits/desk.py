"""The work on what was dropped: judged, looked into, shown and saved."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from lesionlab.application.engine import Networks
from lesionlab.application.table import list_arms
from lesionlab.visits.attention import IN_PLACE, Attention, attend, draw_attention
from lesionlab.visits.cases import (
    AT_ONCE,
    LINES,
    Case,
    Picture,
    decode_small,
    encode,
    open_case,
    refuse,
)
from lesionlab.visits.decision import Choice, describe_point
from lesionlab.visits.register import Entry, Register, Visit
from lesionlab.visits.saving import embed, write_page, write_table
from lesionlab.visits.views import describe_case, fill

NAME = 200  # letters of a file's name


@dataclass
class Desk:
    """The work on visits, each of a name that nobody guesses.

    Parameters
    ----------
    networks : Networks
        Of the bundle.
    register : Register
        Of the visits, with what they hold.
    """

    networks: Networks
    register: Register

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

    def judge(
        self, name: str, files: Sequence[Mapping[str, str]], *, unlisted: int = 0
    ) -> Iterator[tuple[int, int]]:
        """Judge what was dropped, in the place of what was there.

        Parameters
        ----------
        name : str
            Of the visit.
        files : sequence of Mapping
            ``name`` and either ``token`` on the tray or ``problem``, a reason.
        unlisted : int
            Files of the drop beside these.

        Yields
        ------
        tuple of int
            How many are done, and of how many.
        """
        visits, tray = self.register, self.register.tray
        if any(visits.was_forgotten(file.get("token", "")) for file in files):
            return  # all was forgotten while this drop waited for its turn
        visits.replace(name)
        visit = visits.enter(name)
        listed = files[:LINES]
        visit.unlisted = unlisted + len(files) - len(listed)
        try:
            for number, file in enumerate(listed):
                if not visits.lasts(name, visit):
                    return
                yield number, len(listed)
                case, pictures = self._open(file, taken=number < AT_ONCE)
                kept = {
                    key: visits.put(name, visit, picture)
                    for key, picture in [*pictures.items(), *self._near(case)]
                }
                visit.entries.append(Entry(case, kept))
        finally:
            for file in files:
                tray.take(file.get("token", ""))

    def _open(
        self, file: Mapping[str, str], *, taken: bool
    ) -> tuple[Case, dict[str, Picture]]:
        item = self.register.tray.take(file.get("token", ""))
        called = file["name"][:NAME]
        if "problem" in file:
            return refuse(called, file["problem"]), {}
        if not taken:
            return refuse(called, "too_many"), {}
        if item is None:
            return refuse(called, "not_sent"), {}
        try:
            return open_case(self.networks, called, item.content)
        except Exception:  # one strange file must not take the others with it
            logging.getLogger(__name__).exception("a photograph could not be judged")
            return refuse(called, "failed"), {}

    def _near(self, case: Case) -> list[tuple[str, Picture]]:
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
        visits = self.register
        visit = visits.look(name)
        for number, entry in enumerate(visit.entries):
            if not visits.lasts(name, visit):
                return
            yield number, len(visit.entries)
            if not entry.case.reason and not entry.attention:
                arms = list_arms(self.networks.bundle)
                entry.attention = {
                    arm: self._attend(name, visit, entry, arm) for arm in arms
                }

    def _attend(
        self, name: str, visit: Visit, entry: Entry, arm: str
    ) -> Attention | str:
        """Find and draw where a network looked, or name the text that says why not."""
        bundle = self.networks.bundle
        weights = bundle.facts["arms"][arm]["weights"]
        if weights is None:
            return "attention_missing"
        kept = [
            self.register.album.get(entry.pictures[key])
            for key in (f"shown-{arm}", "mask")
        ]
        if None in kept:
            return "attention_gone"
        shown, mask = (decode_small(one.content) for one in kept if one is not None)
        lesion = mask[..., 0] > 0 if arm in IN_PLACE else None
        path = bundle.folder / weights
        found = attend(path, shown, lesion, positive=bundle.positive)
        if found is None:
            return "attention_none"
        if not found.grid.any():
            return "attention_nothing"
        drawn = encode(draw_attention(shown, found.grid, *mask.shape[:2]))
        entry.pictures[f"attention-{arm}"] = self.register.put(name, visit, drawn)
        return found

    def show(self, name: str, choice: Choice, address: Callable[[str], str]) -> str:
        """Write the cards of a visit.

        Parameters
        ----------
        name : str
            Of the visit.
        choice : Choice
            Of the user.
        address : Callable
            Of a picture of the album, by its name there.

        Returns
        -------
        str
            HTML.
        """
        visit, bundle = self.register.look(name), self.networks.bundle

        def find(pictures: Mapping[str, str], key: str) -> str:
            return address(pictures.get(key, ""))

        cards = [
            describe_case(
                entry.case,
                number,
                bundle,
                choice,
                cases=self.training,
                attention=entry.attention if choice.attention else {},
                address=partial(find, entry.pictures),
            )
            for number, entry in enumerate([*visit.entries])
        ]
        return fill(
            "cards.html",
            choice.language,
            cards=cards,
            arms=list_arms(bundle),
            positive=bundle.classes[bundle.positive],
            unlisted=visit.unlisted,
            lines=LINES,
        )

    def explain(self, choice: Choice) -> str:
        """Write what the chosen operating point means, HTML."""
        content = describe_point(self.networks.bundle, choice)
        return fill("meaning.html", choice.language, **content)

    def save_table(self, name: str, choice: Choice) -> str:
        """Put the table of a visit on the album, to be fetched once; its name there."""
        visit = self.register.enter(name)
        cases = [entry.case for entry in visit.entries]
        content = write_table(self.networks, cases, choice)
        return self.register.put(
            name, visit, Picture(content, "text/csv"), "lesionlab.csv"
        )

    def save_page(self, name: str, choice: Choice) -> str:
        """Put a page that holds all it shows on the album; its name there."""
        visit = self.register.enter(name)

        def address(token: str) -> str:
            item = self.register.album.get(token)
            return "" if item is None else embed(item.content, item.kind)

        content = write_page(
            self.networks.bundle,
            choice,
            meaning=self.explain(choice),
            cards=self.show(name, choice, address),
        )
        return self.register.put(
            name, visit, Picture(content, "text/html"), "lesionlab.html"
        )
