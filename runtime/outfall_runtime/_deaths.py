"""Telling tables that an owner died.

Hazard: one long-lived owner may register and unregister millions of entries. What waits for its
death is therefore kept as a list that forgets the entries that went before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List
from weakref import ref

if TYPE_CHECKING:
    from .owners import Guard

FEW = 32  # below this, what is no longer waited for is left lying


class Ref(ref):  # type: ignore[type-arg]
    """A weak reference to an owner that is a plain object: the cheapest guard there is."""

    __slots__ = ("key", "upkeep")
    key: Any
    upkeep: Any

    def alive(self) -> bool:
        return self() is not None

    def survives_fork(self) -> bool:
        return True


def died(guard: Any) -> None:
    """Queue the entry that a guard was for, and remove it where its key is free."""
    upkeep = guard.upkeep()
    if upkeep is not None:
        entry = upkeep.entries.get(guard.key)
        if entry is not None and entry.guard is guard:
            upkeep.dead.append(entry)
            upkeep.bury()


class DeathList:
    """The guards that wait for the death of one owner; they are not kept alive."""

    __slots__ = ("__weakref__", "_limit", "_waiting")

    def __init__(self) -> None:
        self._waiting: "List[ref[Guard]]" = []
        self._limit = FEW

    def add(self, guard: "Guard") -> None:
        self._waiting.append(ref(guard))
        if len(self._waiting) > self._limit:
            seen = list(self._waiting)
            pending = [weak for weak in seen if weak() is not None]
            self._waiting[: len(seen)] = pending
            self._limit = max(FEW, 2 * len(pending))

    def tell(self, _: object = None) -> None:
        """The owner died."""
        while self._waiting:
            try:
                guard = self._waiting.pop()()
            except IndexError:  # told by two threads at once
                return
            if guard is not None:
                died(guard)
