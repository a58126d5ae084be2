"""All tables of the process, by name, for listings, tests and forks.

Hazard: a reloaded module makes its tables again under the same names, and a factory may make
several. All are kept for as long as they live; a listing shows the newest.
"""

from __future__ import annotations

import os
from weakref import ref

from .._common.weak_list import WeakList

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

class _Named(ref):  # type: ignore[type-arg]
    __slots__ = ("name",)
    name: str


class _Tables:
    def __init__(self) -> None:
        self._all = WeakList()

    def add(self, name: str, table: Any) -> None:
        weak = _Named(table)
        weak.name = name
        self._all.add(weak)

    def living(self) -> List[Tuple[str, Any]]:
        found = [(weak.name, weak()) for weak in list(self._all.refs)]  # type: ignore[attr-defined]
        return [(name, table) for name, table in found if table is not None]

    def after_fork(self) -> None:
        self._all.after_fork()
        for _, table in self.living():
            target = getattr(table, "_outfall", table)
            if hasattr(target, "after_fork"):
                target.after_fork()


_tables = _Tables()  # outfall: ignore[OUT109] the tables of the process; written through its methods alone


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
