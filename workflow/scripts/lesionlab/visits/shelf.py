"""What the page keeps in memory: nothing of a user's is ever written to a disk."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

TRAY = 512_000_000  # bytes of photographs that wait to be judged, or come in
ALBUM = 512_000_000  # bytes of what is shown and saved


@dataclass(frozen=True)
class Item:
    """Bytes, and whose they are.

    Parameters
    ----------
    content : bytes
        Of a file.
    kind : str
        Media type.
    owner : str
        What it belongs to.
    name : str
        Under which it is saved, or empty.
    """

    content: bytes
    kind: str
    owner: str
    name: str


@dataclass
class Shelf:
    """Bytes under names that nobody guesses, no more of them than a limit.

    Parameters
    ----------
    limit : int
        Bytes in all.
    """

    limit: int
    _items: OrderedDict[str, Item] = field(default_factory=OrderedDict)
    _reserved: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        with self._lock:
            return len(self._items)

    def reserve(self, size: int) -> bool:
        """Keep room for bytes that are about to come; False where there is too little.

        Parameters
        ----------
        size : int
            Of them; to be given back by :meth:`release` before they are put here.

        Returns
        -------
        bool
        """
        with self._lock:
            if self._total() + self._reserved + size > self.limit:
                return False
            self._reserved += size
            return True

    def release(self, size: int) -> None:
        """Give back what :meth:`reserve` kept."""
        with self._lock:
            self._reserved -= size

    def put(self, content: bytes, kind: str, owner: str, name: str = "") -> str:
        """Keep bytes; the oldest make room.

        Parameters
        ----------
        content : bytes
            Of a file.
        kind : str
            Media type.
        owner : str
            What it is dropped with.
        name : str
            Under which a browser shall save it.

        Returns
        -------
        str
            The name to ask for it by.
        """
        token = secrets.token_urlsafe(24)
        with self._lock:
            while self._items and self._total() + len(content) > self.limit:
                self._items.popitem(last=False)
            self._items[token] = Item(content, kind, owner, name)
        return token

    def get(self, token: str) -> Item | None:
        """Look at an item; None if there is none."""
        with self._lock:
            return self._items.get(token)

    def take(self, token: str) -> Item | None:
        """Look at an item and forget it."""
        with self._lock:
            return self._items.pop(token, None)

    def drop(self, owner: str) -> list[str]:
        """Forget all that belongs to an owner; the names of it."""
        with self._lock:
            gone = [token for token, one in self._items.items() if one.owner == owner]
            for token in gone:
                del self._items[token]
        return gone

    def _total(self) -> int:
        return sum(len(one.content) for one in self._items.values())
