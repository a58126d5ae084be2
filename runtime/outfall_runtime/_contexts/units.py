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
from weakref import ref

from .variables import Home, homes, variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


_marker = variable("outfall_unit")
_marker.set(homes.home)  # so that copies of the main thread's context are known elsewhere as carried


def current_unit(mark: bool = False) -> object:
    """The running unit of work; with `mark`, note it in the context so that copies carry it.

    Imports neither asyncio nor trio; they are asked where somebody else has imported them.
    """
    modules = sys.modules
    asyncio = modules.get("asyncio")
    if asyncio is not None:
        try:
            if asyncio._get_running_loop() is not None:
                return _marked(_task_unit(asyncio.current_task), mark)
        except (RuntimeError, AttributeError):  # asyncio is half imported, or the loop is not its own
            pass
    trio = modules.get("trio")
    if trio is not None:
        try:
            return _marked(_task_unit(trio.lowlevel.current_task), mark)
        except (RuntimeError, AttributeError):  # as above
            pass
    home, found = homes.home, _marker.get(None)
    return home if found is home else _thread_unit(home, found, mark)


def _thread_unit(home: object, found: object, mark: bool) -> object:
    if found is None:
        return _marked(home, mark)
    if isinstance(found, Home):  # another thread's context was carried here
        return _marked(object(), mark)
    return found


def _task_unit(current_task: Callable[[], Any]) -> object:
    """A callback belongs to no task, and two callbacks do not belong together."""
    task = current_task()
    return object() if task is None else ref(task)


def _marked(unit: object, mark: bool) -> object:
    if mark and _marker.get(None) is not unit:
        _marker.set(unit)  # outfall: ignore[OUT205] the mark is meant to stay with the context
    return unit
