"""Context variables that a thread does not inherit, on any build of Python.

Most builds start a thread in an empty context; free-threaded ones since 3.14 (or any with `-X thread_inherit_context`) in a
copy of its starter's. There a worker would keep, in all it ever does, the user and the span of whatever request happened to
start it. So on such builds the first step of a thread in the context that it was started in leaves behind what came
along. Work that brings a context of its own (`context.wrap`, `asyncio.to_thread`) runs in another one, and keeps it.

Hazard: a copy of the context that a thread was started in, made before any of this, looks like one that work has brought;
`asyncio.run` makes one. Give such a thread an empty context (`Thread(context=Context())`).
"""

from __future__ import annotations

import os
import sys
import threading
from contextvars import Context, ContextVar, copy_context
from weakref import ref

from .._common.weak_list import WeakList

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

PLACES, DRAWS = 32, 16
_NONE: Any = object()
_LEFT_BEHIND: Any = object()


class Home:
    """The unit of plain code in one thread."""

    __slots__ = ("__weakref__",)


class _Homes(threading.local):  # outfall: ignore[OUT202] what tells one thread from another has to stay with its thread
    def __init__(self) -> None:
        self.home = Home()


homes = _Homes()
_arrived_in: ContextVar[object] = ContextVar("outfall_thread", default=None)  # the home of the thread that runs in it
_taken: Dict[int, None] = {}  # outfall: ignore[OUT101] places in a context, no more than there are
_all = WeakList()  # outfall: ignore[OUT109] every variable there is, and it says how it is shared


def threads_inherit_contexts() -> bool:
    """Whether `Thread.start` copies the caller's context."""
    return bool(getattr(sys.flags, "thread_inherit_context", 0))


def variable(name: str, default: Any = _NONE) -> ContextVar[Any]:
    """A new context variable; where threads inherit contexts, something that is used like one."""
    if threads_inherit_contexts():
        return UninheritedVariable(name, default)  # type: ignore[return-value]
    return _apart(name) if default is _NONE else _apart(name, default=default)


def own_context() -> Context:
    """A copy of the current context, less what came along with the thread's start."""
    if threads_inherit_contexts():
        _arrive()
    return copy_context()


class UninheritedVariable:
    """A context variable that has no value where it only came along with the start of the thread."""

    __slots__ = ("__weakref__", "_default", "_variable")

    def __init__(self, name: str, default: Any) -> None:
        self._variable = _apart(name)
        self._default = default
        _all.add(ref(self))

    def get(self, default: Any = _NONE) -> Any:
        if _arrived_in.get() is not homes.home:
            _arrive()
        value = self._variable.get(_LEFT_BEHIND)
        if value is not _LEFT_BEHIND:
            return value
        if default is _NONE:
            default = self._default
        if default is _NONE:
            raise LookupError(self._variable)
        return default

    def set(self, value: Any) -> Any:
        if _arrived_in.get() is not homes.home:
            _arrive()
        return self._variable.set(value)

    def reset(self, token: Any) -> None:
        self._variable.reset(token)

    def leave_behind(self, context: Context) -> None:
        if self._variable in context:
            self._variable.set(_LEFT_BEHIND)


def _apart(name: str, **default: Any) -> ContextVar[Any]:
    """A context variable that no other one of ours makes dearer to set.

    CPython keeps a context as a hash array mapped trie (Bagwell, "Ideal Hash Trees", 2001). Of two variables that have one
    of the `PLACES` at its root in common, either costs a second node each time it is set, a sixth of a whole span. Where
    a variable stands is chance, and its name's as well as its address's, so it is drawn again by another name.
    """
    for draw in range(DRAWS):
        found: ContextVar[Any] = ContextVar(f"{name}_{draw}" if draw else name, **default)
        number = hash(found)
        place = (number ^ (number >> 32)) % PLACES
        if place not in _taken:
            _taken[place] = None
            break
    return found


def _arrive() -> None:
    """Note which thread runs in this context; in the one that it was started in, leave behind what came along."""
    home = homes.home
    if _arrived_in.get() is home:
        return
    started_in = getattr(threading.current_thread(), "_context", None)
    mark = object()
    _arrived_in.set(mark)  # outfall: ignore[OUT205] replaced below
    if started_in is not None and started_in.get(_arrived_in) is mark:
        for one in _all.living():
            one.leave_behind(started_in)
    _arrived_in.set(home)  # outfall: ignore[OUT205] this context is the thread's from now on


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_all.after_fork)
