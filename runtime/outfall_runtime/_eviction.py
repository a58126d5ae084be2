"""When the entries of a table go, and what is kept of them.

They go because their owner died, their time is up or the table is at its limit; a staged table
only counts them at first, and then keeps what went for a rollback.

Hazard: owners die, and values and keys are compared and destroyed, by user code on any thread.
Nothing here holds a lock meanwhile: single keys are claimed, and a death only queues its entry,
which is removed by whoever can claim the key first.
"""

from __future__ import annotations

import time
from weakref import ref

from ._claims import Claims, open_gates
from ._entry import MISSING, NEVER, Entry
from ._tallies import Tally
from .errors import RegistryFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

    from ._claims import Claim
    from ._states import StateRecord

OFF, COUNT, KEEP, DROP = "off", "count", "keep", "drop"
MOST_TOMBSTONES = 10_000


class Eviction:
    """What a table knows about its entries, and the ways in which they go.

    `policy` says what happens to entries that are over: nothing (`OFF`), they are counted
    (`COUNT`), evicted and kept for a rollback (`KEEP`), or evicted (`DROP`).
    """

    def __init__(self, name: str, table: Any, limit: Optional[int], ttl: Optional[float], full: str) -> None:
        _check(limit, ttl, full)
        self.name = name
        self.plain: Any = type(table)  # the class it has while nothing needs to be watched
        self.table = ref(table)
        self.weak = ref(self)
        self.dressed = False  # the table's class watches writes
        self.limit = limit
        self.ttl = ttl
        self.full = full
        self.policy = DROP
        self.record: Optional[StateRecord] = None
        self.entries: Dict[Any, Entry] = {}
        self.claims = Claims()
        self.held = self.claims.held
        self.dead: List[Entry] = []
        self.evicted = Tally()
        self.tombstones: Dict[Any, Any] = {}
        self.next_expiry = NEVER

    def sweep(self, table: Any) -> int:
        """Deal with everything that is over; returns the number of entries that went."""
        before = self.evicted.total()
        entries = list(self.entries.values())
        self.next_expiry = min((one.expires for one in entries if not one.over()), default=NEVER)
        self.dead.extend(one for one in entries if one.over())
        self.bury()
        return self.evicted.total() - before

    def trim(self, table: Any, newest: Any) -> None:
        """Evict the oldest entries beyond the limit, or count that they would be."""
        while self.limit is not None and self.policy != OFF and len(table) > self.limit:
            if self.policy == COUNT:
                self._count_would_evict()
                return
            oldest = _first(table)
            if oldest is newest or oldest is MISSING:
                return
            self.claims.take(oldest)
            try:
                value = dict.pop(table, oldest, MISSING)
                self._forget(oldest)
                if value is not MISSING:
                    self._evict(oldest, value)
            finally:
                self._give_back(oldest)

    def bury(self) -> None:
        """Remove the queued entries whose keys nobody has claimed; whoever has will call this too."""
        table = self.table()
        while self.dead and table is not None:
            try:
                entry = self.dead.pop()
            except IndexError:  # another thread took the last one
                return
            if not self.claims.take_if_free(entry.key):
                self.dead.append(entry)
                if self.claims.has(entry.key):
                    return
                continue
            try:
                self._remove_dead(table, entry)
            finally:
                self.claims.give_back(entry.key)

    def restore(self, table: Any) -> None:
        """Put back what `new` evicted, unless the key was written or deleted since."""
        tombstones, self.tombstones = self.tombstones, {}
        for key, value in tombstones.items():
            dict.setdefault(table, key, value)

    def after_fork(self) -> None:
        """In the child: the other threads, their claims and what they owned are gone."""
        self.claims.after_fork()
        entries = list(self.entries.values())
        self.dead.extend(one for one in entries if one.guard is not None and not one.guard.survives_fork())
        self.bury()

    def _reject_if_full(self, table: Any) -> None:
        if self.full != "reject" or self.limit is None or len(table) < self.limit:
            return
        if self.policy == COUNT:
            self._count_would_evict()
        elif self.policy != OFF:
            raise RegistryFull(f"{self.name}: holds {len(table)} entries, its limit is {self.limit}")

    def _expire(self, entry: Any, seconds: Any) -> None:
        entry.expires = time.monotonic() + seconds
        self.next_expiry = min(self.next_expiry, entry.expires)

    def _forget(self, key: Any) -> None:
        self.entries.pop(key, None)
        if self.tombstones:
            self.tombstones.pop(key, None)

    def _hand_on(self, claim: Claim) -> None:
        """After a key was given back: wake who waits for it, bury who died meanwhile."""
        open_gates(claim)
        if self.dead:
            self.bury()

    def _give_back(self, key: Any) -> None:
        self.claims.give_back(key)
        if self.dead:
            self.bury()

    def _remove_dead(self, table: Any, entry: Entry) -> None:
        if self.entries.get(entry.key) is not entry or self.policy == OFF:
            return
        if self.policy == COUNT:
            if not hasattr(entry, "noted"):
                entry.noted = True
                self._count_would_evict()
            return
        del self.entries[entry.key]
        if dict.get(table, entry.key, MISSING) is entry.value:
            dict.pop(table, entry.key, None)
            self._evict(entry.key, entry.value)

    def _evict(self, key: Any, value: Any) -> None:
        self.evicted.add()
        if self.policy == KEEP:
            if len(self.tombstones) >= MOST_TOMBSTONES:
                self.tombstones.pop(_first(self.tombstones), None)
            self.tombstones[key] = value

    def _count_would_evict(self) -> None:
        if self.record is not None:
            self.record.would_evict.add()

def _check(limit: Optional[int], ttl: Optional[float], full: str) -> None:
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; expected at least 1")
    if ttl is not None and ttl <= 0:
        raise ValueError(f"ttl is {ttl}; expected seconds above 0")
    if full not in ("evict", "reject"):
        raise ValueError(f'full is {full!r}; expected "evict" or "reject"')


def _first(mapping: Any) -> Any:
    """The oldest key; `MISSING` when there is none."""
    while True:
        try:
            return next(iter(dict.keys(mapping)), MISSING)
        except RuntimeError:  # another thread changed the table between the two steps
            continue
