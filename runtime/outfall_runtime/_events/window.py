"""Which keys were seen within a time: the memory that suppresses duplicates.

Keys stand in two generations of limited size. When the younger is full, or nothing in the older can
count any more, the older is thrown away as a whole and the younger takes its place. So memory is
flat whatever the number of keys, and adding one never searches. (The idea is that of a generational
cache; see also "2Q", Johnson and Shasha, VLDB 1994.)

Hazard: two threads that bring the same key at the same time must not both be first, and no lock may
be held while a key is hashed or compared. So the first is told by `dict.setdefault`, and when a key's
time is over, by who takes the old time out of its one-item list; both are single steps.
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
        self._changing = threading.Lock()

    def is_first(self, key: Any) -> bool:
        """Whether the key was not seen for as long as the window is; from now on it was.

        Raises:
            TypeError: the key cannot be hashed.
        """
        now = monotonic_ns()
        entry = self.young.get(key)
        if entry is None:
            entry = self.old.get(key)
            if entry is None:
                return self._add(key, now)
        try:
            if entry[0] > now:
                return False
            entry.pop()  # its time is over: whoever gets the old time is first
        except IndexError:  # another thread was
            return False
        entry.append(now + self._length)
        self.young.setdefault(key, entry)
        return True

    def forget(self, key: Any) -> None:
        """What was first is not kept after all."""
        self.young.pop(key, None)

    def after_fork(self) -> None:
        self._changing = threading.Lock()

    def _add(self, key: Any, now: int) -> bool:
        young = self.young
        if len(young) >= self._most or now - self._changed > self._length:
            self._change(young, now)
            young = self.young
        mine = [now + self._length]
        return young.setdefault(key, mine) is mine

    def _change(self, young: Generation, now: int) -> None:
        with self._changing:
            if self.young is not young:  # another thread was quicker
                return
            dropped, self.old, self.young = self.old, young, {}
            early, self._changed = now - self._changed <= self._length, now
        if early:
            self.forgotten.add(sum(1 for entry in list(dropped.values()) if entry and entry[0] > now))
