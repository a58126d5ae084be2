"""How large a table is, without looking at every entry.

The size is an estimate: the container itself, and the entries by a sample of `SAMPLE` that are
spread evenly over the table, each followed three levels down. Objects that several entries share
are counted for each, and what lies deeper is not counted.
"""

from __future__ import annotations

import sys
from itertools import islice

from .._common.record import NamedTuple
from .contents import contents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

SAMPLE = 32
LEVELS = 3
WIDEST = 64  # parts of one object that are looked at


class Size(NamedTuple):
    """`bytes` is an estimate; `owned`, `evicted` and `kept` (for a rollback) are of registries only."""

    name: str
    type: str
    entries: int
    bytes: int
    owned: int = 0
    evicted: int = 0
    kept: int = 0


def size_of(name: str, table: Any) -> Size:
    """The size of one table."""
    try:
        parts = contents(table)
        count = len(parts)
    except RuntimeError:  # it is changed too often to be looked at
        parts, count = [], table._outfall_type.__len__(table)
    step = max(count // SAMPLE, 1)
    sample = parts[::step][:SAMPLE]
    weight = sum(_weight(one, LEVELS) for one in sample)
    total = sys.getsizeof(table) + (weight * count // len(sample) if sample else 0)
    kind = table._outfall_type.__name__
    upkeep = table._outfall
    if not hasattr(upkeep, "entries"):
        return Size(name, kind, count, total)
    owned = sum(entry.guard is not None for entry in list(upkeep.entries.values()))
    return Size(name, kind, count, total, owned, upkeep.evicted.total(), len(upkeep.tombstones))


def _weight(value: Any, levels: int) -> int:
    try:
        weight = sys.getsizeof(value, 64)
    except Exception:  # an object whose own answer fails
        return 64
    if levels == 0 or isinstance(value, (str, bytes, int, float)):
        return weight
    try:
        parts = _inside(value)
    except Exception:  # it changed meanwhile, or does not like to be looked at
        return weight
    return weight + sum(_weight(one, levels - 1) for one in parts)


def _inside(value: Any) -> "List[Any]":
    if isinstance(value, dict):
        return [part for pair in islice(dict.items(value), WIDEST) for part in pair]
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(islice(value, WIDEST))
    return list(islice(getattr(value, "__dict__", {}).values(), WIDEST))
