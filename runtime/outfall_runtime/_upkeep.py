"""What a table does beyond its type: owners, metadata, limits, time to live.

Hazard: keys are hashed and compared, values die and owners die by user code on any thread. Nothing
here holds a lock meanwhile: single keys are claimed, and a death only queues its entry, which is
removed by whoever can claim the key first.
"""

from __future__ import annotations

import time
from _thread import get_ident
from types import MappingProxyType
from weakref import ref

from ._claims import Claims, open_gates
from ._deaths import owned
from ._entry import MISSING, NEVER, Entry
from ._states import StateRecord
from ._tallies import Tally
from .errors import AlreadyRegistered, RegistryFull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Mapping, Optional

    from ._claims import Claim

OFF, COUNT, KEEP, DROP = "off", "count", "keep", "drop"
ABSENT = object()
MOST_TOMBSTONES = 10_000
NOTHING: Mapping[str, Any] = MappingProxyType({})
_contains, _get, _set, _pop = dict.__contains__, dict.get, dict.__setitem__, dict.pop


class Upkeep:
    """The bookkeeping of one table.

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

    @property
    def managed(self) -> bool:
        """Whether plain writes have to be watched."""
        return bool(self.limit is not None or self.ttl is not None or self.entries or self.tombstones)

    def register(self, table: Any, key: Any, value: Any, owner: Any, metadata: Any, ttl: Optional[float]) -> None:
        """Put a key that is not there, or whose entry is over."""
        held, claim = self.held, [get_ident()]
        if held.setdefault(key, claim) is not claim:
            self.claims.wait_for(key, claim)
        try:
            if _contains(table, key) and self.live(table, key) is not MISSING:
                raise AlreadyRegistered(f"{self.name}: {key!r} is registered already, and whoever owns it is alive")
            if self.limit is not None:
                self._reject_if_full(table)
            if owner is None or metadata or self.tombstones or ttl is not None or self.ttl is not None:
                self._put(table, key, value, owner, metadata, ttl)
            else:  # the usual case, which saves a call
                self.entries[key] = owned(owner, self.weak, key, value, NOTHING)
                _set(table, key, value)
        finally:
            del held[key]
            if len(claim) > 1 or self.dead:
                self._hand_on(claim)
        if self.limit is not None:
            self.trim(table, key)

    def get_or_create(self, table: Any, key: Any, factory: Callable[[], Any], owner: Any, ttl: Optional[float]) -> Any:
        """The value of a key; the factory runs once however many threads ask."""
        value = self.live(table, key)
        if value is not MISSING:
            return value
        self.claims.take(key)
        try:
            value = self.live(table, key)
            if value is not MISSING:
                return value
            value = factory()
            self._put(table, key, value, owner, None, ttl)
        finally:
            self._give_back(key)
        if self.limit is not None:
            self.trim(table, key)
        return value

    def increment(self, table: Any, key: Any, by: Any) -> Any:
        """Add to a number, atomically; an absent key counts as 0."""
        self.claims.take(key)
        try:
            before = self.live(table, key)
            value = by if before is MISSING else before + by
            entry = self.entry(key, before)
            if entry is None:
                self._put(table, key, value, None, None, None)
            else:
                entry.value = value
                _set(table, key, value)
        finally:
            self._give_back(key)
        if self.limit is not None:
            self.trim(table, key)
        return value

    def replace(self, table: Any, key: Any, value: Any) -> None:
        """`table[key] = value`: whoever owned the key before owns it no more."""
        self.claims.take(key)
        try:
            self._put(table, key, value, None, None, None)
        finally:
            self._give_back(key)
        if self.limit is not None:
            self.trim(table, key)

    def remove(self, table: Any, key: Any, default: Any = ABSENT) -> Any:
        """`table.pop(key, default)`."""
        held, claim = self.held, [get_ident()]
        if held.setdefault(key, claim) is not claim:
            self.claims.wait_for(key, claim)
        try:
            self.entries.pop(key, None)
            if self.tombstones:
                self.tombstones.pop(key, None)
            return _pop(table, key) if default is ABSENT else _pop(table, key, default)
        finally:
            del held[key]
            if len(claim) > 1 or self.dead:
                self._hand_on(claim)

    def live(self, table: Any, key: Any) -> Any:
        """The value of a key whose entry is not over, else `MISSING`."""
        value = _get(table, key, MISSING)
        if value is MISSING or not self.entries or self.policy in (OFF, COUNT):
            return value
        entry = self.entry(key, value)
        return MISSING if entry is not None and entry.over() else value

    def entry(self, key: Any, present: Any) -> Optional[Entry]:
        """The entry of a key, if it is about the value that is there."""
        found = self.entries.get(key) if self.entries else None
        return found if found is not None and found.value is present else None

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
                value = _pop(table, oldest, MISSING)
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

    def _put(self, table: Any, key: Any, value: Any, owner: Any, metadata: Any, ttl: Optional[float]) -> None:
        if owner is not None or metadata or ttl is not None or self.ttl is not None:
            known = dict(metadata) if metadata else NOTHING
            entry = Entry(key, value, known) if owner is None else owned(owner, self.weak, key, value, known)
            if ttl is not None or self.ttl is not None:
                self._expire(entry, self.ttl if ttl is None else ttl)
            self.entries[key] = entry
        elif self.entries:
            self.entries.pop(key, None)
        if self.tombstones:
            self.tombstones.pop(key, None)
        _set(table, key, value)

    def _expire(self, entry: Any, seconds: Any) -> None:
        entry.expires = time.monotonic() + seconds
        self.next_expiry = min(self.next_expiry, entry.expires)

    def _forget(self, key: Any) -> None:
        self.entries.pop(key, None)
        if self.tombstones:
            self.tombstones.pop(key, None)

    def _remove_dead(self, table: Any, entry: Entry) -> None:
        if self.entries.get(entry.key) is not entry or self.policy == OFF:
            return
        if self.policy == COUNT:
            if not hasattr(entry, "noted"):
                entry.noted = True
                self._count_would_evict()
            return
        del self.entries[entry.key]
        if _get(table, entry.key, MISSING) is entry.value:
            _pop(table, entry.key, None)
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

    def _reject_if_full(self, table: Any) -> None:
        if self.full != "reject" or self.limit is None or len(table) < self.limit:
            return
        if self.policy == COUNT:
            self._count_would_evict()
        elif self.policy != OFF:
            raise RegistryFull(f"{self.name}: holds {len(table)} entries, its limit is {self.limit}")

    def _hand_on(self, claim: Claim) -> None:
        """After a key was given back: wake who waits for it, bury who died meanwhile."""
        open_gates(claim)
        if self.dead:
            self.bury()

    def _give_back(self, key: Any) -> None:
        self.claims.give_back(key)
        if self.dead:
            self.bury()


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
