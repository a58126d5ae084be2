"""Calls what has to be done at the end of a process, the last that was added first.

Hazard: a child of `multiprocessing` leaves by `os._exit`, past `atexit`, and forgets at its start what
its parent wanted done at the end. It runs finalizers of its own; so this is among them. It happens
once in a process, whoever calls first.
"""

from __future__ import annotations

import atexit
import os
import sys

from . import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

    Action = Callable[[], object]


class Leaving:
    """What this process does before it ends."""

    def __init__(self) -> None:
        self._actions: List[Action] = []
        self._left: Dict[int, object] = {}  # the processes that have done it: this one, and what it was forked from
        self._known = False  # to multiprocessing, in this process and those forked from it

    def add(self, action: Action) -> None:
        """Do this at the end, before what was added until now."""
        if not self._actions:
            atexit.register(self.leave)
        self._actions.append(action)
        self.tell_multiprocessing()

    def tell_multiprocessing(self) -> None:
        """Be among the finalizers of children that it starts, if it is used at all."""
        util: Any = sys.modules.get("multiprocessing.util")
        if util is None or self._known:
            return
        self._known = True
        util.register_after_fork(self, Leaving._be_finalizer)
        if "multiprocessing.process" in sys.modules and sys.modules["multiprocessing.process"].parent_process() is not None:
            self._be_finalizer()  # the child is past its start

    def leave(self) -> None:
        """Do everything, one after the other; one that fails is logged and keeps no other from being done."""
        mine = object()
        if self._left.setdefault(os.getpid(), mine) is not mine:
            return
        for action in reversed(list(self._actions)):
            try:
                action()
            except Exception:
                report.warn(f"{action!r} failed at the end of the process", error=True)

    def _be_finalizer(self) -> None:
        sys.modules["multiprocessing.util"].Finalize(None, self.leave, exitpriority=0)


leaving = Leaving()  # outfall: ignore[OUT109] a process ends once

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leaving.tell_multiprocessing)
