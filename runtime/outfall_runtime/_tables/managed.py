"""The hooked methods of a registry that is watched; see `variants`.

Each does what the dict's own does, and besides counts the access for the evidence and keeps the
registry's bookkeeping right.
"""

from __future__ import annotations

import time

from .._common.modes import SHADOW
from .entry import MISSING, NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

    from .variants import Hook

_OF_ONE_KEY = ("__contains__", "__getitem__", "get")


def read_hook(base: type, name: str) -> Hook:
    """A read that lets go of expired entries first.

    A read of one key deals with that key only, so that reading inside a loop over the table does
    not change the table's size.
    """
    plain, of_one_key = getattr(base, name), name in _OF_ONE_KEY

    def read(self: Any, *args: Any) -> Any:
        upkeep = self._outfall
        record = upkeep.record
        if record is not None and record.mode == SHADOW:
            record.reads.add()
        if upkeep.next_expiry is not NEVER and upkeep.next_expiry <= time.monotonic():
            if not of_one_key:
                upkeep.sweep(self)
            elif args:
                upkeep.expire(args[0])
        return plain(self, *args)

    return read


def write_hook(base: type, name: str) -> Hook:
    """A write that is counted, and by key where the registry is managed."""
    plain, managed = getattr(base, name), _MANAGED[name]

    def write(self: Any, *args: Any) -> Any:
        upkeep = self._outfall
        record = upkeep.record
        if record is not None:
            record.writes[record.mode].add()
        if upkeep.managed:
            return managed(self, *args)
        return plain(self, *args)

    def update(self: Any, *args: Any, **items: Any) -> Any:
        write_items(self, dict(*args, **items))

    if name != "update":  # the only one that takes keywords
        return write
    write_items = write
    return update


def _set(self: Any, key: Any, value: Any) -> None:
    self._outfall.replace(self, key, value)


def _delete(self: Any, key: Any) -> None:
    self._outfall.remove(self, key)


def _pop(self: Any, key: Any, *default: Any) -> Any:
    return self._outfall.remove(self, key, *default)


def _popitem(self: Any) -> Any:
    while True:
        key = next(reversed(list(dict.keys(self))), MISSING)
        if key is MISSING:
            raise KeyError("popitem(): dictionary is empty")
        value = self._outfall.remove(self, key, MISSING)
        if value is not MISSING:
            return key, value


def _clear(self: Any) -> None:
    for key in [*list(dict.keys(self)), *list(self._outfall.tombstones)]:
        self._outfall.remove(self, key, None)


def _setdefault(self: Any, key: Any, default: Any = None) -> Any:
    return self._outfall.get_or_create(self, key, lambda: default, None, None)


def _update(self: Any, items: Any) -> None:
    for key, value in dict(items).items():
        self._outfall.replace(self, key, value)


def _or_in_place(self: Any, other: Any) -> Any:
    _update(self, other)
    return self


_MANAGED: Dict[str, Hook] = {
    "__delitem__": _delete,
    "__ior__": _or_in_place,
    "__setitem__": _set,
    "clear": _clear,
    "pop": _pop,
    "popitem": _popitem,
    "setdefault": _setdefault,
    "update": _update,
}
