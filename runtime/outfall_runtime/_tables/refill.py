"""Puts restored or rebuilt items into a table of any type.

Hazard: the service goes on reading and writing meanwhile. A reader never finds a key gone that stays:
what remains is replaced one key at a time, each atomically. These writes are not counted for the
evidence: the service did not make them.
"""

from __future__ import annotations

from ..registry import Registry
from .backup import STORED
from .contents import contents
from .entry import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Sequence

    from .backup import Item


def refill(table: Any, items: Sequence[Item], replace: bool) -> int:
    """Put items into a table; returns how many are new or were replaced.

    Args:
        replace: what is not among the items goes. Otherwise only keys are added that are not there,
            and a list or deque is only filled if it is empty.
    """
    if isinstance(table, dict):
        return _refill_mapping(table, items, replace)
    kind = table._outfall_type
    if not issubclass(kind, STORED):  # a weak one, which owns nothing that could be put into it
        return 0
    values = [item.value for item in items]
    if issubclass(kind, set):
        before = set() if replace else set(contents(table))
        if replace:
            kind.intersection_update(table, values)
        kind.update(table, values)
        return len(set(values) - before)
    if not replace and kind.__len__(table):
        return 0
    if issubclass(kind, list):
        kind.__setitem__(table, slice(None), values)
    else:
        kind.clear(table)
        kind.extend(table, values)
    return len(values)


def _refill_mapping(table: Any, items: Sequence[Item], replace: bool) -> int:
    kind = table._outfall_type
    keys = {item.key for item in items}
    if replace:
        gone = [key for key in list(dict.keys(table)) if key not in keys]
        _remove(table, kind, gone)
    present = set() if replace else set(list(dict.keys(table)))
    for item in items:
        if isinstance(table, Registry):
            _put_claimed(table, item, replace)
        elif replace:
            kind.__setitem__(table, item.key, item.value)
        else:
            kind.setdefault(table, item.key, item.value)
    if isinstance(table, Registry):
        table._outfall_dress()
    return len(keys - present)


def _remove(table: Any, kind: Any, keys: Iterable[Any]) -> None:
    for key in keys:
        if isinstance(table, Registry):
            table._outfall.remove(table, key, None)
        else:
            kind.pop(table, key, None)


def _put_claimed(table: "Registry[Any, Any]", item: Item, replace: bool) -> None:
    upkeep = table._outfall
    displaced = None
    upkeep.claims.take(item.key)
    try:
        if replace or upkeep.live(table, item.key) is MISSING:
            displaced = upkeep._put(table, item.key, item.value, None, item.metadata or None, item.left, over=replace)
    finally:
        upkeep._give_back(item.key)
    upkeep.added(table, item.key, displaced)
