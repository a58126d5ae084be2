"""`ThreadResource`: what belongs to its thread and must stay there (a connection, a buffer).

    _connection = ThreadResource("app.db._connection", connect, close=lambda c: c.close())
    _connection.get().execute(...)

Hazard: a resource in a context would be opened once per task, used on a foreign thread, or never
closed. Here every thread has one of its own, it is closed when the thread ends, and a forked child
does not use its parent's.
"""

from __future__ import annotations

import os
import threading
from _thread import get_ident
from typing import Any, Callable, Dict, Generic, Optional, TypeVar

from ._common import report
from ._common.tallies import Tally
from ._tables import catalogue

T = TypeVar("T")


class _Held:
    """One thread's resource; its thread-local reference is the only one that counts."""

    __slots__ = ("close", "closed", "pid", "thread", "value")

    def __init__(self, value: Any, close: Callable[[Any], None]) -> None:
        self.value = value
        self.close = close
        self.closed = False
        self.pid = os.getpid()
        self.thread = threading.current_thread()

    def __del__(self) -> None:
        if not self.closed and self.pid == os.getpid():
            self.closed = True
            _on_its_thread(self.thread, self.close, self.value)


def _on_its_thread(thread: threading.Thread, close: Callable[[Any], None], value: Any) -> None:
    """Close at the end of a thread, when `threading` has forgotten it already.

    Code that asks for the current thread then, as logging does, would leave a dummy thread behind
    for good, whose removal makes noise when the interpreter ends.
    """
    active: Any = getattr(threading, "_active", None)
    if active is None or get_ident() in active:
        close(value)
        return
    active[get_ident()] = thread
    try:
        close(value)
    finally:
        active.pop(get_ident(), None)


class ThreadResource(Generic[T]):
    """One resource per thread, opened when the thread first asks for it.

    Args:
        name: the state's qualified name.
        open: makes the resource.
        close: called with it when its thread ends, or by `close`.
    """

    __slots__ = ("__weakref__", "_close", "_closed", "_local", "_open", "_opened", "name")

    def __init__(self, name: str, open: Callable[[], T], close: Optional[Callable[[T], None]] = None) -> None:
        self.name = name
        self._open = open
        self._close = close
        self._local = threading.local()  # outfall: ignore[OUT201] this is where a resource per thread is closed
        self._opened = Tally()
        self._closed = Tally()
        catalogue.add(name, self)

    def get(self) -> T:
        """This thread's resource, opened if it has none."""
        held: Any = getattr(self._local, "held", None)
        if held is None or held.pid != os.getpid():
            held = self._local.held = _Held(self._open(), self._closing)
            self._opened.add()
        return held.value  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close this thread's resource, if it has one; the next `get` opens another."""
        held = self._local.__dict__.pop("held", None)
        if held is not None and not held.closed and held.pid == os.getpid():
            held.closed = True
            self._closing(held.value)

    def stats(self) -> Dict[str, int]:
        """How many resources were opened, were closed, and are open now."""
        closed = self._closed.total()  # first, so that none is counted as closed that is not yet as opened
        opened = self._opened.total()
        return {"opened": opened, "closed": closed, "open": opened - closed}

    def after_fork(self) -> None:
        """In the child: nothing is open; the parent's resources are the parent's to close."""
        self._opened.clear()
        self._closed.clear()

    def __repr__(self) -> str:
        return f"<ThreadResource {self.name}>"

    def _closing(self, value: T) -> None:
        self._closed.add()
        if self._close is None:
            return
        try:
            self._close(value)
        except Exception:
            report.warn(f"closing a resource of {self.name} failed", error=True)
