"""When the entries of a table go, and what is kept of them.

They go because their owner died, their time is up or the table is at its limit; a staged table
only counts them at first, and then keeps what went for a rollback.

Hazard: owners die, and values and keys are compared and destroyed, by user code on any thread.
Nothing here holds a lock meanwhile: single keys are claimed, and a death only queues its entry,
which is removed by whoever can claim the key first.
"""

from __future__ import annotations

import threading
from weakref import ref

from .._common.tallies import Tally
from ..errors import RegistryFull
from . import policies
from .claims import Claims, open_gates
from .entry import MISSING, NEVER, Entry
from .policies import COUNT, DROP, EVICTING, HOLD, IDLE, check_limits, oldest_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from .._common.states import StateRecord
    from .claims import Claim


class Eviction:
    """What a table knows about its entries, and the ways in which they go.

    `policy` says what happens to entries that are over: nothing (`OFF`; `HOLD` while a rollback is
    going on), they are counted (`COUNT`), evicted and kept for a rollback (`KEEP`), or evicted (`DROP`).
    """

    def __init__(self, name: str, table: Any, limit: Optional[int], ttl: Optional[float], full: str) -> None:
        check_limits(limit, ttl, full)
        self.name = name
        self.plain: Any = type(table)  # the class it has while nothing needs to be watched
        self.table = ref(table)
        self.weak = ref(self)
        self.dressed = False  # the table's class watches writes
        self.limit = limit
        self.ttl = ttl
        self.simple = limit is None and ttl is None
        self.full = full
        self.policy = DROP
        self.record: Optional[StateRecord] = None
        self.entries: Dict[Any, Any] = {}  # an `Entry` or `OwnedEntry` by key
        self.claims = Claims()
        self.held = self.claims.held
        self.dead: List[Entry] = []
        self.evicted = Tally()
        self.tombstones: Dict[Any, Tuple[Any, Optional[Entry]]] = {}  # values and their entries
        self.next_expiry = NEVER  # nothing is over earlier; it may be too early, never too late
        self._evicting: List[Any] = []  # keys on their way out
        self._expected = 0  # how often an expiry was noted
        self._coming: Dict[Any, None] = {}  # keys on their way into a table that rejects
        self._timing = threading.RLock()  # the collector may run code that notes another expiry
        self.turning = threading.RLock()  # held while the policy and the table's class change together

    def sweep(self, table: Any) -> int:
        """Deal with everything that is over; returns the number of entries that went."""
        before, expected = self.evicted.total(), self._expected
        entries = list(self.entries.values())
        over = [one for one in entries if one.over()]
        gone = set(map(id, over))
        soonest = min((one.expires for one in entries if id(one) not in gone), default=NEVER)
        with self._timing:
            if self._expected == expected or soonest < self.next_expiry:
                self.next_expiry = soonest
        self.dead.extend(over)
        self.bury()
        return self.evicted.total() - before

    def expire(self, key: Any) -> None:
        """Deal with one key, if its entry is over."""
        entry = self.entries.get(key)
        if entry is not None and entry.over():
            self.dead.append(entry)
            self.bury()

    def trim(self, table: Any, newest: Any) -> None:
        """Evict the oldest entries beyond the limit, or count that they would be."""
        while self.limit is not None and self.policy not in IDLE and dict.__len__(table) > self.limit:
            if self.policy == COUNT:
                self._count_would_evict()
                return
            oldest = oldest_key(table)
            if oldest is newest or oldest is MISSING:
                return
            self._evict_key(table, oldest)

    def bury(self) -> None:
        """Do what was left to whoever gives a key back: remove who died, let a rollback go on."""
        table = self.table()
        if table is None:
            return
        try:
            self._bury_dead(table)
        finally:
            while len(self.tombstones) > policies.MOST_TOMBSTONES:
                self.tombstones.pop(oldest_key(self.tombstones), None)
            if self.policy == HOLD and not self._evicting:
                table._outfall_apply()

    def restore(self, table: Any) -> None:
        """Put back what `new` evicted, unless the key was written or deleted since.

        Keys that are claimed, or on their way out, are left: whoever has them buries when it gives them back,
        which lets a rollback that holds go on.
        """
        for key in list(self.tombstones):
            if self.claims.take_if_free(key):
                try:
                    self._bring_back(table, key)
                finally:
                    self.claims.give_back(key)
        self._bury_dead(table)

    def restored(self) -> bool:
        """Whether nothing is on its way out or back."""
        return not self._evicting and not self.tombstones  # in this order: a tombstone comes before its eviction ends

    def after_fork(self) -> None:
        """In the child: the other threads, their claims and what they owned are gone."""
        self._timing = threading.RLock()
        self.turning = threading.RLock()
        self.claims.after_fork()
        self._evicting = []
        self._coming = {}
        entries = list(self.entries.values())
        self.dead.extend(one for one in entries if one.guard is not None and not one.guard.survives_fork())
        self.bury()

    def _reject_if_full(self, table: Any, key: Any) -> None:
        if self.limit is None or self._has_room(table, key, self.limit):
            return
        if self.policy == COUNT:
            if self.record is not None:
                self.record.would_reject.add()
        elif self.policy in EVICTING:
            raise RegistryFull(f"{self.name}: holds {dict.__len__(table)} entries, its limit is {self.limit}")

    def _has_room(self, table: Any, key: Any, limit: int) -> bool:
        """Whether there is room for a key that is noted as coming, after those that were noted before it."""
        while True:
            coming = list(self._coming)
            before = coming[: next(place for place, one in enumerate(coming) if one is key)]
            outside = [one for one in before if not dict.__contains__(table, one)]
            if dict.__len__(table) + len(outside) < limit:
                return True
            if not any(dict.__contains__(table, one) for one in outside):  # else one of them was counted twice
                return False

    def _expect(self, expires: float) -> None:
        """Note when an entry that was just put will be over."""
        with self._timing:
            self._expected += 1
            if expires < self.next_expiry:
                self.next_expiry = expires

    def _forget(self, key: Any) -> Any:
        """Drop what is known about a key; returns it."""
        entry = self.entries.pop(key, None) if self.entries else None
        return entry, self.tombstones.pop(key, None) if self.tombstones else None

    def hand_on(self, claim: Claim) -> None:
        """After a key was given back: wake who waits for it, do what was left to whoever had it."""
        open_gates(claim)
        self._look_again()

    def _give_back(self, key: Any) -> None:
        self.claims.give_back(key)
        self._look_again()

    def _look_again(self) -> None:
        if self.dead or self.policy == HOLD or len(self.tombstones) > policies.MOST_TOMBSTONES:
            self.bury()

    def _bury_dead(self, table: Any) -> None:
        """Remove the queued entries whose keys nobody has claimed; whoever has will bury too."""
        while self.dead:
            try:
                entry = self.dead.pop()
            except IndexError:  # another thread took the last one
                return
            if self.claims.take_if_free(entry.key):
                try:
                    self._remove_dead(table, entry)
                finally:
                    self.claims.give_back(entry.key)
                continue
            self.dead.append(entry)
            if not self.claims.take_if_free(entry.key):
                return
            self.claims.give_back(entry.key)

    def _evict_key(self, table: Any, key: Any) -> None:
        self.claims.take(key)
        try:
            if self.limit is not None and dict.__len__(table) > self.limit:  # another thread may have made room meanwhile
                stale = self._evict(table, key, self.entries.get(key))  # noqa: F841 - kept until the key is given back
        finally:
            self._give_back(key)

    def _remove_dead(self, table: Any, entry: Entry) -> None:
        if self.entries.get(entry.key) is not entry or self.policy in IDLE:
            return
        if self.policy == COUNT:
            if not hasattr(entry, "noted"):
                entry.noted = True
                self._count_would_evict()
            return
        if dict.get(table, entry.key, MISSING) is entry.value:
            self._evict(table, entry.key, entry, entry.value)
        else:
            del self.entries[entry.key]

    def _evict(self, table: Any, key: Any, entry: Any, expected: Any = MISSING) -> Any:
        """Take a key out of the table; the caller has claimed it, and keeps what is returned until it gives it back.

        A rollback that comes meanwhile holds until this key is given back, and watches writes until then,
        so that it undoes none of them.
        """
        self._evicting.append(key)
        try:
            if self.policy not in EVICTING:
                return None
            value = dict.get(table, key, MISSING)
            if value is MISSING:  # another thread evicted it first; its tombstone stays
                return None
            stale = self._forget(key)
            if expected is not MISSING and value is not expected:
                return stale
            if self.policy != DROP:
                self.tombstones[key] = (value, entry)  # before it goes, for the child of a fork just now
            taken = dict.pop(table, key, MISSING)
            if taken is value:
                self.evicted.add()
            else:  # a write that began before writes were watched
                self.tombstones.pop(key, None)
                if taken is not MISSING:
                    dict.setdefault(table, key, taken)
            return taken, value, stale
        finally:
            if self._evicting:  # a fork may have emptied it
                self._evicting.pop()

    def _bring_back(self, table: Any, key: Any) -> None:
        found = self.tombstones.get(key)
        if found is not None:
            value, entry = found
            if dict.setdefault(table, key, value) is value and entry is not None:
                self.entries.setdefault(key, entry)
            self.tombstones.pop(key, None)  # last, for a rollback by another thread is over when there are none

    def _count_would_evict(self) -> None:
        if self.record is not None:
            self.record.would_evict.add()
