"""What a table does beyond its type: owners, metadata, numbers, values made once.

Hazard: whatever takes more than one step claims its key, so that it is atomic against every other
change of that key; no lock is held while keys are hashed or factories run (see `claims`). What a
change displaces is kept until the claim is given back, because its `__del__` may want the same key.
"""

from __future__ import annotations

import time
from types import MappingProxyType

from ..errors import AlreadyRegistered
from .claims import NOBODY, UNSAID
from .deaths import check_owner, owned
from .entry import MISSING, NEVER, Entry
from .eviction import Eviction
from .policies import EVICTING, check_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping, Optional

ABSENT = object()
NOTHING: Mapping[str, Any] = MappingProxyType({})
_contains, _get, _set, _pop, _setdefault = dict.__contains__, dict.get, dict.__setitem__, dict.pop, dict.setdefault


class Upkeep(Eviction):
    """The bookkeeping of one table."""

    @property
    def managed(self) -> bool:
        """Whether plain writes have to be watched."""
        return bool(self.limit is not None or self.ttl is not None or self.entries or self.tombstones)

    def register(self, table: Any, key: Any, value: Any, owner: Any, metadata: Any, ttl: Optional[float]) -> Any:
        """Put a key that is not there, or whose entry is over; the caller has claimed it.

        Returns:
            What was displaced, for the caller to keep until the key is given back.
        """
        if _contains(table, key) and self.live(table, key) is not MISSING:
            raise self.refusal(key)
        if self.limit is None or self.full != "reject":
            displaced = self._put(table, key, value, owner, metadata, ttl, over=False)
        else:
            self._coming[key] = None
            try:
                self._reject_if_full(table, key)
                displaced = self._put(table, key, value, owner, metadata, ttl, over=False)
            finally:
                self._coming.pop(key, None)  # a fork may have emptied it
        if displaced is None:
            raise self.refusal(key)
        return displaced

    def refusal(self, key: Any) -> AlreadyRegistered:
        """What `register` raises about a key that is there."""
        return AlreadyRegistered(f"{self.name}: {key!r} is registered already, and whoever owns it is alive")

    def get_or_create(self, table: Any, key: Any, factory: Callable[[], Any], owner: Any, ttl: Optional[float]) -> Any:
        """The value of a key; the factory runs once however many threads ask."""
        value = self.live(table, key)
        if value is not MISSING:
            return value
        check_seconds(ttl)
        check_owner(owner)
        self.claims.take(key)
        try:
            value = self.live(table, key)
            if value is not MISSING:
                return value
            value, displaced = factory(), None
            while displaced is None:
                displaced = self._put(table, key, value, owner, None, ttl, over=False)
                found = MISSING if displaced is not None else self.live(table, key)
                if found is not MISSING:
                    return found
        finally:
            self._give_back(key)
        self.added(table, key, displaced)
        return value

    def increment(self, table: Any, key: Any, by: Any) -> Any:
        """Add to a number, atomically; an absent key counts as 0."""
        displaced: Any = None
        self.claims.take(key)
        try:
            while displaced is None:
                before = self.live(table, key)
                value = by if before is MISSING else before + by
                entry = self.entry(key, before)
                if entry is None:
                    displaced = self._put(table, key, value, None, None, None, over=before is not MISSING)
                else:
                    entry.value = value
                    _set(table, key, value)
                    displaced = (entry, before)
        finally:
            self._give_back(key)
        self.added(table, key, displaced)
        return value

    def replace(self, table: Any, key: Any, value: Any) -> None:
        """`table[key] = value`: whoever owned the key before owns it no more."""
        self.claims.take(key)
        try:
            displaced = self._put(table, key, value, None, None, None)
        finally:
            self._give_back(key)
        self.added(table, key, displaced)

    def remove(self, table: Any, key: Any, default: Any = ABSENT) -> Any:
        """`table.pop(key, default)`."""
        held, claim = self.held, [UNSAID]
        if held.setdefault(key, claim) is not claim:
            self.claims.wait_for(key, claim)
        try:
            if self.tombstones:
                claim.append(NOBODY)
            displaced = self._forget(key)  # noqa: F841 - kept until the key is given back
            return _pop(table, key) if default is ABSENT else _pop(table, key, default)
        finally:
            del held[key]
            if len(claim) > 1 or self.dead:
                self.hand_on(claim)

    def update_metadata(self, table: Any, key: Any, fields: Mapping[str, Any]) -> None:
        """Add to what is registered about a key, atomically."""
        stale: Any = None
        self.claims.take(key)
        try:
            value = dict.__getitem__(table, key)
            entry = self.entry(key, value)
            if entry is None:
                entry = Entry(key, value, NOTHING)
                stale, self.entries[key] = self.entries.get(key), entry
            entry.metadata = {**entry.metadata, **fields}
        finally:
            self._give_back(key)
        del stale

    def live(self, table: Any, key: Any) -> Any:
        """The value of a key whose entry is not over, else `MISSING`."""
        value = _get(table, key, MISSING)
        if value is MISSING or not self.entries or self.policy not in EVICTING:
            return value
        entry = self.entry(key, value)
        return MISSING if entry is not None and entry.over() else value

    def entry(self, key: Any, present: Any) -> Optional[Entry]:
        """The entry of a key, if it is about the value that is there."""
        found = self.entries.get(key) if self.entries else None
        return found if found is not None and found.value is present else None

    def _put(
        self, table: Any, key: Any, value: Any, owner: Any, metadata: Any, ttl: Optional[float], *, over: bool = True
    ) -> Any:
        """Returns what was displaced; its second item is the value, or `MISSING`.

        Args:
            over: also over what is there. Else it returns None, and nothing is changed, where a plain write
                that nobody watches came before it.
        """
        check_seconds(ttl)
        seconds = self.ttl if ttl is None else ttl
        entry: Any = None
        if owner is not None or metadata or seconds is not None:
            known = dict(metadata) if metadata else NOTHING
            entry = Entry(key, value, known) if owner is None else owned(owner, self.weak, key, value, known)
            if seconds is not None:
                entry.expires = time.monotonic() + seconds
        before = _get(table, key, MISSING)
        if not over and before is not MISSING and self.live(table, key) is not MISSING:
            return None
        displaced = self._forget(key), before
        if entry is not None:
            self.entries[key] = entry
        if over or before is not MISSING:
            _set(table, key, value)
        elif _setdefault(table, key, value) is not value:
            self.entries.pop(key, None)
            return None
        if entry is not None:
            if entry.expires is not NEVER:
                self._expect(entry.expires)
            if entry.guard is not None and not entry.guard.alive():  # its death was told before it was entered
                self.dead.append(entry)
        return displaced

    def added(self, table: Any, key: Any, displaced: Any) -> None:
        """After a write: where it added a key, let go of what is over or too much."""
        if displaced is None or displaced[1] is not MISSING:
            return
        if self.next_expiry is not NEVER and self.next_expiry <= time.monotonic():
            self.sweep(table)
        if self.limit is not None:
            self.trim(table, key)
