"""The per-context values of one context local.

A cell maps attributes to values for the contexts that share it. It is never changed after it was
set: a write makes a new cell, so a task that inherited its parent's cell cannot change the
parent's values, and a reader needs no lock.

Hazard: a context keeps its variables' values for as long as it lives, the main thread's for
ever. So the owner remembers its cells weakly and empties them when it dies, and the variable
itself goes back to a pool: creating and dropping a million context locals needs the memory of
those that live at once.
"""

from __future__ import annotations

from weakref import ref

from .._common.weak_list import WeakList
from .variables import variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import ContextVar
    from typing import Any, List


class Cell(dict[str, "Any"]):
    """Attribute values in one context."""

    __slots__ = ("__weakref__",)


BLANK = Cell()  # outfall: ignore[OUT109] nothing of it changes
_pool: List["ContextVar[Cell]"] = []  # outfall: ignore[OUT102] variables cannot be collected, so they are reused


class Cells:
    """The context variable behind one context local, and the cells that it ever held."""

    __slots__ = ("_made", "get", "variable")

    def __init__(self) -> None:
        try:
            self.variable = _pool.pop()
        except IndexError:
            self.variable = variable("outfall_context_local")
        self.get = self.variable.get
        self._made = WeakList()

    def put(self, cell: Cell) -> None:
        """Make a new cell that of the current context; nobody changes it from now on."""
        self._made.add(ref(cell))
        self.variable.set(cell)

    def blank(self) -> None:
        """Make the current context one in which nothing was set or initialised yet."""
        self.variable.set(BLANK)

    def release(self) -> None:
        """The owner is gone: drop all values in all contexts and give the variable back."""
        for cell in self._made.living():
            cell.clear()
        _pool.append(self.variable)

    def after_fork(self) -> None:
        self._made.after_fork()
