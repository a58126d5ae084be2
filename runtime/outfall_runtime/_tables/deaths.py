"""Telling tables that an owner died.

Hazard: one long-lived owner may register and unregister millions of entries. What waits for its
death is therefore kept as a list that forgets the entries that went before.
"""

from __future__ import annotations

import sys
import time
from types import MethodType
from weakref import ref

from .._common.weak_list import WeakList
from .entry import NEVER, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Mapping

    from ..owners import Guard

MOST_KINDS = 256

kinds: Dict[type, Any] = {}  # outfall: ignore[OUT101] what guards owners of a type; bounded
plain_owners: Dict[type, None] = {}  # outfall: ignore[OUT101] the types of them that an `OwnedEntry` guards


class OwnedEntry(ref):  # type: ignore[type-arg]
    """The entry of a plain object, and the weak reference to its owner, in one: registering is frequent.

    Like an `Entry` that is its own guard.
    """

    __slots__ = ("expires", "key", "metadata", "noted", "upkeep", "value")
    expires: float
    key: Any
    metadata: Mapping[str, Any]
    noted: bool  # set when it is counted as would-evict
    upkeep: Any
    value: Any

    @property
    def guard(self) -> OwnedEntry:
        return self

    def over(self) -> bool:
        """Whether its owner is dead or its time is up."""
        return self() is None or (self.expires is not NEVER and self.expires <= time.monotonic())

    def alive(self) -> bool:
        return self() is not None

    def survives_fork(self) -> bool:
        return True


def owned(owner: Any, upkeep: Any, key: Any, value: Any, metadata: Mapping[str, Any]) -> Any:
    """The entry for a key with an owner.

    Args:
        upkeep: a weak reference to the upkeep that is to be told of the death.

    Raises:
        TypeError: the owner is a number, a string or something else without weak references.
    """
    try:
        make = kinds[type(owner)]
    except KeyError:
        make = _learn(owner)
    if make is not OwnedEntry:
        entry = Entry(key, value, metadata)
        entry.guard = make(owner, upkeep, key)
        return entry
    weak = OwnedEntry(owner, died)
    weak.upkeep = upkeep
    weak.key = key
    weak.value = value
    weak.metadata = metadata
    weak.expires = NEVER
    return weak


def check_owner(owner: Any) -> None:
    """Refuse an owner whose end nobody could notice.

    Raises:
        TypeError: it is a number, a string or something else without weak references, or a bound method.
    """
    if owner is not None and type(owner) not in kinds:
        _learn(owner)


def _learn(owner: Any) -> Any:
    """What guards owners of this type; the kinds beyond plain objects are loaded when an owner is met."""
    from ..owners import guard_class

    kind = type(owner)
    make = guard_class(kind) or OwnedEntry
    if isinstance(owner, MethodType):
        raise TypeError(
            f"{owner!r} cannot own an entry: a bound method is made anew at each use; give the object that it is bound to"
        )
    try:
        ref(owner)
    except TypeError:
        raise TypeError(
            f"{owner!r} cannot own an entry: {kind.__name__} objects have no weak references; "
            "give an object that has, a task, a thread, or an outfall_runtime.Owner() that you end"
        ) from None
    if len(kinds) >= MOST_KINDS:
        kinds.clear()
        plain_owners.clear()
    kinds[kind] = make
    if make is OwnedEntry:
        plain_owners[kind] = None
    return make


def died(guard: Any, is_ending: Callable[[], bool] = sys.is_finalizing) -> None:
    """Queue the entry that a guard was for, and remove it where its key is free.

    Not while the interpreter ends, when modules may have lost their names.
    """
    upkeep = guard.upkeep()
    if upkeep is not None and not is_ending():
        entry = upkeep.entries.get(guard.key)
        if entry is not None and entry.guard is guard:
            upkeep.dead.append(entry)
            upkeep.bury()


class DeathList:
    """The guards that wait for the death of one owner; they are not kept alive."""

    __slots__ = ("__weakref__", "_waiting")

    def __init__(self) -> None:
        self._waiting = WeakList()

    def add(self, guard: "Guard") -> None:
        self._waiting.add(ref(guard))

    def tell(self, _: object = None, is_ending: Callable[[], bool] = sys.is_finalizing) -> None:
        """The owner died. Nothing is told while the interpreter ends, when modules may have lost their names."""
        waiting = [] if is_ending() else self._waiting.refs
        while waiting:
            try:
                guard = waiting.pop()()
            except IndexError:  # told by two threads at once
                return
            if guard is not None:
                died(guard)


class LastWords(DeathList):
    """Only its owner refers to it, so it tells when the owner is gone without a word."""

    __slots__ = ()

    def __del__(self) -> None:
        self.tell()
