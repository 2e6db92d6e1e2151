"""What the page keeps in memory: nothing of a user's is ever written to a disk."""

import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field


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
        The visit that it belongs to.
    name : str
        Under which it is saved, or empty.
    since : float
        Seconds of the monotonic clock.
    """

    content: bytes
    kind: str
    owner: str
    name: str
    since: float


@dataclass
class Shelf:
    """Bytes under names that nobody guesses, no more of them than a limit.

    Parameters
    ----------
    limit : int
        Bytes in all.
    seconds : float
        After which an item is dropped; infinite by default.
    """

    limit: int
    seconds: float = float("inf")
    _items: OrderedDict[str, Item] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        with self._lock:
            self._expire()
            return len(self._items)

    def room(self) -> int:
        """Count the bytes that may still be put here."""
        with self._lock:
            self._expire()
            return self.limit - self._total()

    def put(self, content: bytes, kind: str, owner: str, name: str = "") -> str:
        """Keep bytes; the oldest make room.

        Parameters
        ----------
        content : bytes
            Of a file.
        kind : str
            Media type.
        owner : str
            The visit.
        name : str
            Under which a browser shall save it.

        Returns
        -------
        str
            The name to ask for it by.
        """
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._expire()
            while self._items and self._total() + len(content) > self.limit:
                self._items.popitem(last=False)
            now = time.monotonic()
            self._items[token] = Item(content, kind, owner, name, now)
        return token

    def get(self, token: str) -> Item | None:
        """Look at an item; None if there is none."""
        with self._lock:
            self._expire()
            return self._items.get(token)

    def take(self, token: str) -> Item | None:
        """Look at an item and forget it."""
        with self._lock:
            self._expire()
            return self._items.pop(token, None)

    def drop(self, owner: str) -> None:
        """Forget all that belongs to a visit."""
        with self._lock:
            gone = [token for token, one in self._items.items() if one.owner == owner]
            for token in gone:
                del self._items[token]

    def _expire(self) -> None:
        before = time.monotonic() - self.seconds
        while self._items and next(iter(self._items.values())).since < before:
            self._items.popitem(last=False)

    def _total(self) -> int:
        return sum(len(one.content) for one in self._items.values())
