"""Which unit of work is running: the stamp that every staged write carries.

A unit is an asyncio or trio task; in plain code it is the thread; on a pool's worker that runs in
a carried context (`asyncio.to_thread`) it is the work that the context came from. Two accesses by
one unit belong together, so a value that the one wrote and the other misses is lost. Two units
that see each other's values bleed.

Hazard: the number of a task or thread is handed out again when it is gone, so a unit is an object
compared by identity: a weak reference to the task, of which a living task has only one.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


class _Home:
    """The unit of plain code in one thread."""

    __slots__ = ("__weakref__",)


class _Homes(threading.local):  # outfall: ignore[OUT202] a thread's own unit of work has to stay with its thread
    def __init__(self) -> None:
        self.home = _Home()


_homes = _Homes()
_marker: ContextVar[object] = ContextVar("outfall_unit")
_marker.set(_homes.home)  # so that copies of the main thread's context are known elsewhere as carried


def current_unit(mark: bool = False) -> object:
    """The running unit of work; with `mark`, note it in the context so that copies carry it."""
    unit, marked = _running()
    if mark and not marked:
        _marker.set(unit)  # outfall: ignore[OUT205] the mark is meant to stay with the context
    return unit


def _running() -> "tuple[object, bool]":
    """The unit, and whether the context says so already."""
    task, loop_runs = _current_task()
    if task is not None:
        return task, _marker.get(None) is task
    if loop_runs:  # a callback belongs to no task, and two callbacks do not belong together
        return object(), False
    home, found = _homes.home, _marker.get(None)
    if found is None or found is home:
        return home, found is home
    if isinstance(found, _Home):  # another thread's context was carried here
        return object(), False
    return found, True


def _current_task() -> "tuple[Optional[ref[Any]], bool]":
    """The running task, and whether an event loop runs here; imports neither library."""
    modules = sys.modules
    asyncio = modules.get("asyncio")
    if asyncio is not None:
        try:
            if asyncio._get_running_loop() is not None:
                task = asyncio.current_task()
                return (None if task is None else ref(task)), True
        except (RuntimeError, AttributeError):  # asyncio is half imported, or the loop is not its own
            pass
    trio = modules.get("trio")
    if trio is not None:
        try:
            return ref(trio.lowlevel.current_task()), True
        except (RuntimeError, AttributeError):
            pass
    return None, False
