"""Telling tables that an owner died.

Hazard: one long-lived owner may register and unregister millions of entries. What waits for its
death is therefore kept as a list that forgets the entries that went before.
"""

from __future__ import annotations

from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from .owners import Guard

FEW = 32  # below this, what is no longer waited for is left lying
MOST_KINDS = 256

_kinds: Dict[type, Any] = {}  # outfall: ignore[OUT101] the class that guards owners of a type; forgotten when there are many


class Ref(ref):  # type: ignore[type-arg]
    """A weak reference to an owner that is a plain object: the cheapest guard there is."""

    __slots__ = ("key", "upkeep")
    key: Any
    upkeep: Any

    def alive(self) -> bool:
        return self() is not None

    def survives_fork(self) -> bool:
        return True


def guard(owner: Any, upkeep: Any, key: Any) -> Any:
    """The guard for an owner: a `Ref`, or one from `owners`, which is loaded when it is needed.

    Args:
        upkeep: a weak reference to the upkeep that is to be told of the death.

    Raises:
        TypeError: the owner is a number, a string or something else without weak references.
    """
    kind: Any = type(owner)
    try:
        make = _kinds[kind]
    except KeyError:
        make = _learn(kind)
    if make is not Ref:
        return make(owner, upkeep, key)
    weak = Ref(owner, died)
    weak.upkeep = upkeep
    weak.key = key
    return weak


def _learn(kind: type) -> Any:
    from .owners import guard_class

    if len(_kinds) >= MOST_KINDS:
        _kinds.clear()
    make = guard_class(kind) or Ref
    _kinds[kind] = make
    return make


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
