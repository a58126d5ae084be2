"""Counting without a lock.

Hazard: `n += 1` loses counts between threads, and a lock around it may be held while the
garbage collector runs somebody's `__del__`. So every thread adds to a cell of its own. Cells are
kept by thread number, which the system hands out again, so their number stays bounded.
"""

from __future__ import annotations

from _thread import get_ident
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List


class Tally:
    """A number that many threads increase; `total` adds up their cells."""

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells: Dict[int, List[int]] = {}  # outfall: ignore[OUT203] cells are added up, never read by key

    def add(self, amount: int = 1) -> None:
        try:
            self.cells[get_ident()][0] += amount
        except KeyError:
            self.cells.setdefault(get_ident(), [0])[0] += amount

    def total(self) -> int:
        return sum(cell[0] for cell in list(self.cells.values()))

    def clear(self) -> None:
        self.cells.clear()


class Count:
    """A number that many threads increase by one: `next(one.up)`, the cheapest step that no thread can lose.

    (CPython steps it with a compare-and-exchange where it has no global lock, from 3.13 on.)
    """

    __slots__ = ("_from", "up")

    def __init__(self) -> None:
        self.up = count()
        self._from = 0

    def add(self) -> int:
        """One more; returns how many there were before."""
        return next(self.up) - self._from

    def total(self) -> int:
        return self._reached() - self._from

    def clear(self) -> None:
        self._from = self._reached()

    def _reached(self) -> int:
        return int(repr(self.up)[len("count(") : -1])  # asking for the next number would be a step
