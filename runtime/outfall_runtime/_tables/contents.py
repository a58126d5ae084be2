"""What is in a table, for those who look after it: past the hooks, so that looking is no access."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

TRIES = 100  # a set that is changed meanwhile is looked at again


def contents(table: Any) -> "List[Any]":
    """The items of a mapping as pairs, else the elements, copied in one step.

    Raises:
        RuntimeError: the table is changed so incessantly that it cannot be copied.
    """
    if isinstance(table, dict):
        return list(dict.items(table))
    kind = table._outfall_type
    for _ in range(TRIES):
        try:
            return list(kind.__iter__(table))
        except RuntimeError:  # another thread changed it
            continue
    raise RuntimeError(f"{table._outfall.name}: changed too often to be copied")
