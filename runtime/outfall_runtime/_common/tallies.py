"""Counting without a lock.

Hazard: `n += 1` loses counts between threads, and a lock around it may be held while the
garbage collector runs somebody's `__del__`. So every thread adds to a cell of its own. Cells are
kept by thread number, which the system hands out again, so their number stays bounded.
"""

from __future__ import annotations

from _thread import get_ident

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
