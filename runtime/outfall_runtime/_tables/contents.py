"""What is in a table, for those who look after it: past the hooks, so that looking is no access.

Hazard: without a global lock, only what one C function does under the object's own lock is one step.
For a subclass of `list` or `set` that is `copy` and `set(...)`, not `list(...)`; for a dict it is `list` of its
items. Other types have nothing of the kind for their subclasses. The copy of a set from which something was taken out has
another order, so it is made only where there is no other way.
"""

from __future__ import annotations

from .._common.interpreter import GLOBAL_LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

TRIES = 1000  # what is changed meanwhile is looked at again


def contents(table: Any) -> "List[Any]":
    """The items of a mapping as pairs, else the elements, copied in one step.

    Raises:
        RuntimeError: the table is changed so incessantly that it cannot be copied.
    """
    kind = table._outfall_type
    if issubclass(kind, list):
        return list.copy(table)
    if issubclass(kind, set) and not GLOBAL_LOCK:
        return list(set(table))
    if issubclass(kind, dict):
        return list(dict.items(table))
    return _elements(table)


def in_order(table: Any) -> "List[Any]":
    """The items of an `OrderedDict`, copied in one step, in the order that it has, which is not the dict's own.

    Raises:
        RuntimeError: as `contents`.
    """
    found = dict(contents(table))
    first = [(key, found.pop(key)) for key in _elements(table) if key in found]
    return first + list(found.items())


def _elements(table: Any) -> "List[Any]":
    for _ in range(TRIES):
        try:
            return list(table._outfall_type.__iter__(table))
        except RuntimeError:  # another thread changed it
            continue
    raise RuntimeError(f"{table._outfall.name}: changed too often to be copied")
