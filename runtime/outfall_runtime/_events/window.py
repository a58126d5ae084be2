"""Which keys were seen within a time: the memory that suppresses duplicates.

Keys stand in two generations of limited size. When the younger is full, or nothing in the older can
count any more, the older is thrown away as a whole and the younger takes its place. So memory is
flat whatever the number of keys, and adding one never searches. (The idea is that of a generational
cache; see also "2Q", Johnson and Shasha, VLDB 1994.)

Hazard: two threads that bring the same key at the same time must not both be first, and no lock may
be held while a key is hashed or compared. So the first is told by `dict.setdefault` in the younger
generation, and where a key's time is over there, by who takes that time out of its one-item list: the
new time comes in a new list, so that nobody takes that one out, too. Generations may change meanwhile,
and what was added to one that is not the younger any more is added again.
"""

from __future__ import annotations

import threading
from time import monotonic_ns

from .._common.tallies import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    Generation = Dict[Any, List[int]]

MOST_KEYS = 20_000


class Window:
    """Remembers keys for `seconds`, at most `most` of them; of more than that, the oldest are forgotten."""

    __slots__ = ("_changed", "_changing", "_length", "_most", "forgotten", "old", "young")

    def __init__(self, seconds: float, most: int = MOST_KEYS) -> None:
        self._length = int(seconds * 1e9)
        self._most = max(most // 2, 1)
        self.young: Generation = {}
        self.old: Generation = {}
        self.forgotten = Tally()  # keys that were thrown away before their time was over
        self._changed = monotonic_ns()
        self._changing = threading.RLock()  # a finalizer or a signal handler may come in between

    def is_first(self, key: Any) -> bool:
        """Whether the key was not seen for as long as the window is; from now on it was.

        Raises:
            TypeError: the key cannot be hashed.
        """
        now = monotonic_ns()
        entry = self.young.get(key)
        return (entry is None or _is_over(entry, now)) and self._add(key, now)

    def forget(self, key: Any) -> None:
        """What was first is not kept after all."""
        self.young.pop(key, None)
        self.old.pop(key, None)

    def after_fork(self) -> None:
        self._changing = threading.RLock()

    def _add(self, key: Any, now: int) -> bool:
        """Put a key in the younger generation; whether nobody else did at the same time."""
        mine = [now + self._length]
        while True:
            young = self.young
            entry = young.get(key)
            if entry is None:
                entry = self.old.get(key)  # looked at after `young`, so that a key that just went from there to here is seen
                if entry is not None and entry is not mine and not _is_over(entry, now):
                    return False
                if len(young) >= self._most or now - self._changed > self._length:
                    self._change(young, now)
                    continue
                if young.setdefault(key, mine) is not mine:
                    return False
            elif entry is not mine:
                if not _is_over(entry, now):
                    return False
                try:
                    entry.pop()
                except IndexError:
                    return False
                young[key] = mine
            if young is self.young:
                return True

    def _change(self, young: Generation, now: int) -> None:
        fresh: Generation = {}
        with self._changing:
            if self.young is not young:  # another thread was quicker
                return
            dropped, self.old, self.young = self.old, young, fresh
            early, self._changed = now - self._changed <= self._length, now
        if early:
            self.forgotten.add(sum(entry[:1] > [now] for entry in list(dropped.values())))


def _is_over(entry: List[int], now: int) -> bool:
    """Whether a key's time is over, and nobody is about to give it a new one."""
    try:
        return entry[0] <= now
    except IndexError:
        return False
