"""What a table does beyond its type: owners, metadata, numbers, values made once.

Hazard: whatever takes more than one step claims its key, so that it is atomic against every other
change of that key; no lock is held while keys are hashed or factories run (see `_claims`).
"""

from __future__ import annotations

from _thread import get_ident
from types import MappingProxyType

from ._deaths import owned
from ._entry import MISSING, Entry
from ._eviction import COUNT, OFF, Eviction
from .errors import AlreadyRegistered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping, Optional

ABSENT = object()
NOTHING: Mapping[str, Any] = MappingProxyType({})
_contains, _get, _set, _pop = dict.__contains__, dict.get, dict.__setitem__, dict.pop


class Upkeep(Eviction):
    """The bookkeeping of one table."""

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
