"""Who dropped what: every visit, the pictures that it owns, and when they go."""

import secrets
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field

from lesionlab.visits.attention import Attention
from lesionlab.visits.cases import Case, Picture
from lesionlab.visits.shelf import Shelf

VISITS = 32  # that are kept; the longest unused is forgotten first
LINGER = 60.0  # seconds in which a browser may still ask for what a drop replaced
REMEMBERED = 1000  # names of photographs that were forgotten while they waited


@dataclass
class Entry:
    """A case of a visit, and what was drawn of it.

    Parameters
    ----------
    case : Case
        A photograph.
    pictures : dict
        Names on the album, by name of picture.
    attention : dict
        By arm, as far as it was asked for; a key of the texts says why there is none.
    """

    case: Case
    pictures: dict[str, str]
    attention: dict[str, Attention | str] = field(default_factory=dict)


@dataclass
class Visit:
    """What one open page shows.

    Parameters
    ----------
    entries : list of Entry
        In the order of their files.
    unlisted : int
        Files of the drop that have none.
    key : str
        That owns its pictures: a drop ends a visit and begins another of its name.
    """

    entries: list[Entry] = field(default_factory=list)
    unlisted: int = 0
    key: str = field(default_factory=secrets.token_urlsafe)


@dataclass
class Register:
    """All visits of the page; a name that nobody guesses stands for each.

    Parameters
    ----------
    tray : Shelf
        Photographs that wait, each owned by the name of its visit.
    album : Shelf
        What is shown and saved, owned by the key of its visit.
    """

    tray: Shelf
    album: Shelf
    _visits: OrderedDict[str, Visit] = field(default_factory=OrderedDict)
    _replaced: dict[str, tuple[str, threading.Timer]] = field(default_factory=dict)
    _forgotten: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, name: str) -> Visit:
        """Look at a visit; at an empty one if there is none."""
        with self._lock:
            if name not in self._visits:
                return Visit()
            self._visits.move_to_end(name)
            return self._visits[name]

    def enter(self, name: str) -> Visit:
        """Find a visit, or begin it in the place of the longest unused."""
        with self._lock:
            found = self._visits.setdefault(name, Visit())
            self._visits.move_to_end(name)
            gone = []
            while len(self._visits) > VISITS:
                gone.append(self._visits.popitem(last=False))
        for other, visit in gone:
            self.album.drop(visit.key)
            self._drop_replaced(other)
            self.tray.drop(other)
        return found

    def lasts(self, name: str, visit: Visit) -> bool:
        """Tell whether a visit was not forgotten meanwhile."""
        with self._lock:
            return self._visits.get(name) is visit

    def replace(self, name: str) -> None:
        """Forget a visit, but not what waits to be judged, since a drop came.

        Its pictures go a little later: a browser may be about to ask for them.
        """
        self._drop_replaced(name)
        with self._lock:
            visit = self._visits.pop(name, None)
            if visit is None:
                return
            timer = threading.Timer(LINGER, self._drop_replaced, [name, visit.key])
            timer.daemon = True
            self._replaced[name] = visit.key, timer
        timer.start()

    def _drop_replaced(self, name: str, only: str | None = None) -> None:
        with self._lock:
            if name not in self._replaced:
                return
            key, timer = self._replaced[name]
            if only not in (None, key):
                return
            del self._replaced[name]
        timer.cancel()
        self.album.drop(key)

    def forget(self, name: str) -> None:
        """Forget a visit, all its pictures and what waits to be judged."""
        with self._lock:
            visit = self._visits.pop(name, None)
        if visit is not None:
            self.album.drop(visit.key)
        self._drop_replaced(name)
        gone = self.tray.drop(name)
        with self._lock:
            self._forgotten.extend(gone)

    def was_forgotten(self, token: str) -> bool:
        """Tell whether a photograph that waited was forgotten, of late."""
        with self._lock:
            return token in self._forgotten

    def put(self, name: str, visit: Visit, picture: Picture, saved_as: str = "") -> str:
        """Put on the album what belongs to a visit, unless it was forgotten.

        Parameters
        ----------
        name : str
            Of the visit.
        visit : Visit
            As it was when the work on the picture began.
        picture : Picture
            Or another file.
        saved_as : str
            The name under which a browser shall save it.

        Returns
        -------
        str
            Its name on the album.
        """
        token = self.album.put(picture.content, picture.kind, visit.key, saved_as)
        if not self.lasts(name, visit):
            self.album.take(token)
        return token
