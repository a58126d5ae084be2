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

import sys
import threading
from _thread import get_ident
from contextvars import ContextVar
from weakref import ref

from .._common.weak_list import WeakList

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List


NO_THREAD = 0  # marks a blank cell; no thread has this number


class Cell(dict[str, "Any"]):
    """Attribute values in one context, with the number of the thread that wrote them."""

    __slots__ = ("__weakref__", "thread")
    thread: int


_probe: ContextVar[object] = ContextVar("outfall_probe")
_pool: List["ContextVar[Cell]"] = []  # outfall: ignore[OUT102] variables cannot be collected, so they are reused


class Cells:
    """The context variable behind one context local, and the cells that it ever held."""

    __slots__ = ("_made", "get", "variable")

    def __init__(self) -> None:
        try:
            self.variable = _pool.pop()
        except IndexError:
            self.variable = ContextVar("outfall_context_local")
        self.get = self.variable.get
        self._made = WeakList()

    def put(self, cell: Cell) -> None:
        """Make a new cell that of the current context; nobody changes it from now on."""
        cell.thread = get_ident()
        self._made.add(ref(cell))
        self.variable.set(cell)

    def blank(self) -> None:
        """Make the current context one in which nothing was set or initialised yet."""
        cell = Cell()
        cell.thread = NO_THREAD
        self.variable.set(cell)

    def release(self) -> None:
        """The owner is gone: drop all values in all contexts and give the variable back."""
        for cell in self._made.living():
            cell.clear()
        _pool.append(self.variable)

    def after_fork(self) -> None:
        self._made.after_fork()


def threads_inherit_contexts() -> bool:
    """Whether `Thread.start` copies the caller's context (the default of free-threaded 3.14)."""
    return bool(getattr(sys.flags, "thread_inherit_context", 0))


def is_carried_by_start(variable: "ContextVar[Any]", held: Any) -> bool:
    """Whether what the variable holds came into this thread only because its start copied the caller's context.

    Such a value is not carried on purpose: on a worker it would be whatever request happened to
    start the worker. It is told by standing in the very context that the thread was started in;
    work that brings a context along runs in another.
    """
    if held.thread == get_ident():
        return False
    base = getattr(threading.current_thread(), "_context", None)
    if base is None or base.get(variable) is not held:
        return False
    mark = object()
    token = _probe.set(mark)
    try:
        return base.get(_probe) is mark
    finally:
        _probe.reset(token)
