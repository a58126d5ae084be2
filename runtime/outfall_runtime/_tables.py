"""All tables of the process, by name, for listings, tests and forks.

Hazard: a reloaded module makes its tables again under the same names, and a factory may make
several. All are kept for as long as they live; a listing shows the newest.
"""

from __future__ import annotations

import os
from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

_FEW = 64


class _Tables:
    def __init__(self) -> None:
        self._all: List[Tuple[str, "ref[Any]"]] = []
        self._limit = _FEW

    def add(self, name: str, table: Any) -> None:
        self._all.append((name, ref(table)))
        if len(self._all) > self._limit:
            seen = list(self._all)
            living = [one for one in seen if one[1]() is not None]
            self._all[: len(seen)] = living
            self._limit = max(_FEW, 2 * len(living))

    def living(self) -> List[Tuple[str, Any]]:
        found = [(name, weak()) for name, weak in list(self._all)]
        return [(name, table) for name, table in found if table is not None]

    def after_fork(self) -> None:
        for _, table in self.living():
            target = getattr(table, "_outfall", table)
            if hasattr(target, "after_fork"):
                target.after_fork()


_tables = _Tables()


def add(name: str, table: Any) -> None:
    """Note a new table; it is not kept alive."""
    _tables.add(name, table)


def living() -> List[Tuple[str, Any]]:
    """Every living table with its name, oldest first."""
    return _tables.living()


def by_name() -> Dict[str, Any]:
    """The newest table of every name."""
    return dict(living())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_tables.after_fork)
