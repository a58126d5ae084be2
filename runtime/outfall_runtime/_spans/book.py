"""The spans of this process: which are open, who hears of finished ones, which were forgotten.

Hazard: a span that nobody ends would stay for ever in a table of open spans. So the table has a
limit, and holds spans without a block by weak references only. Such a span may be collected inside
anybody's code, so that is only noted there, and reported when the next span ends.
"""

from __future__ import annotations

import os
import threading
import time
from _weakref import ref
from collections import deque
from functools import partial

from .._common import report as _report
from .._common import sites
from .._common.leaving import leaving
from .._common.listeners import call_each, go_on
from .._common.record import NamedTuple
from .._common.tallies import Count, Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, List, Tuple

    from .span import Span

    Listener = Callable[[Span], None]

MOST_OPEN = 10_000
UNWATCHED: Any = "unwatched"  # in the place of an open span that was one too many
MOST_LEAKS = 100  # remembered; all are counted
MOST_PLACES = 1_000  # each is reported once


class Leak(NamedTuple):
    """A span that was begun and never ended. `began` is in seconds since the epoch."""

    name: str
    where: str
    began: float
    trace_id: str
    span_id: str


class SpanBook:
    """All spans of this process. `span` has hold of `table` and `ended`, the same ones for ever."""

    def __init__(self) -> None:
        self.limit = MOST_OPEN
        # By number every span that is to be ended yet: it, a weak reference to it, or `UNWATCHED`; None for
        # one that nobody hears of. Who takes the number out is who ends the span.
        self.table: Dict[int, Any] = {}
        self.listeners: Tuple[Listener, ...] = ()
        self.unreported: Deque[Leak] = deque(maxlen=MOST_LEAKS)
        self.leaks: Deque[Leak] = deque(maxlen=MOST_LEAKS)
        self.ended = Count()
        self.errors = Tally()
        self.failures = Count()
        self.leaked = Tally()
        self.unwatched = Count()
        self.telling = threading.RLock()  # for a few steps about one span that several threads tell something
        self._places: Dict[str, Leak] = {}  # with the first that was reported
        self._lock = threading.RLock()  # a finalizer or a signal handler may listen, too

    # -- open spans

    def one_too_many(self) -> Any:
        """What stands in the table for a span when it has as many as it may have."""
        if not self.unwatched.add():
            _report.warn(f"{self.limit:,} spans are open, most of them begun at {self._most_frequent()}; is one not ended?")
        return UNWATCHED

    def forgotten(self, span: Span) -> None:
        """A span goes away that was never ended."""
        self.leaked.add()
        context = span.context
        self.unreported.append(Leak(span.name, span.where, span.began, context.trace_id, context.span_id))

    def report(self) -> None:
        """Log the leaks noted since the last call, each place once."""
        while self.unreported:
            try:
                leak = self.unreported.popleft()
            except IndexError:  # another thread was quicker
                return
            self.leaks.append(leak)
            if len(self._places) < MOST_PLACES and self._places.setdefault(leak.where, leak) is leak:
                _report.warn(f"span {leak.name!r}, begun at {leak.where}, was never ended")

    def spans(self) -> List[Span]:
        """Every open span, oldest first."""
        found = [entry() if isinstance(entry, ref) else entry for entry in self.table.copy().values()]
        watched = (span for span in found if span is not None and span is not UNWATCHED)
        return sorted(watched, key=lambda span: span._start)

    def _most_frequent(self) -> str:
        places: Dict[str, int] = {}
        for span in self.spans():
            places[span.where] = places.get(span.where, 0) + 1
        return max(places, key=lambda place: places[place], default=sites.UNKNOWN)

    # -- finished spans

    def listen(self, listener: Listener) -> Callable[[], None]:
        with self._lock:
            if listener in self.listeners:
                listener = partial(listener)  # so that a place in the row belongs to one listener
            self.listeners += (listener,)
        return lambda: self._forget(listener)

    def go_on_after(self, error: BaseException, listeners: Tuple[Listener, ...], failed: Listener, span: Span) -> None:
        """Tell the listeners after one that failed; what interrupted that one goes on after them."""
        self._failed(failed)
        rest = listeners[listeners.index(failed) + 1 :]
        call_each(rest, span, lambda place: self._failed(rest[place]))
        go_on(error)

    def _failed(self, listener: Listener) -> None:
        if not self.failures.add():
            _report.warn(f"{listener!r} failed on a finished span; only the first failure is logged", error=True)

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            self.listeners = tuple(other for other in self.listeners if other is not listener)

    # -- the process

    def stats(self) -> Dict[str, int]:
        self.report()
        return {
            "open": sum(entry is not None for entry in self.table.copy().values()),
            "ended": self.ended.total(),
            "errors": self.errors.total(),
            "leaked": self.leaked.total(),
            "unwatched": self.unwatched.total(),
            "listener_failures": self.failures.total(),
        }

    def at_exit(self) -> None:
        """Say what was left open, in one line: at the end of a server that may be many."""
        self.report()
        left = self.spans()
        if left:
            age = time.time() - left[0].began
            _report.warn(
                f"{len(left)} spans are open at exit; the oldest, {left[0].name!r}, "
                f"was begun {age:.1f} s ago at {left[0].where}"
            )

    def after_fork(self) -> None:
        """In the child: what is open is the parent's to end; counts start at zero."""
        self._lock, self.telling = threading.RLock(), threading.RLock()
        for span in self.spans():
            span.disown()
        for open_in_parent in self.table:
            self.table[open_in_parent] = None
        for number in (self.ended, self.errors, self.failures, self.leaked, self.unwatched):
            number.clear()
        self.unreported.clear()
        self.leaks.clear()


book = SpanBook()  # outfall: ignore[OUT109] the spans of a process are one thing, and it says how it is shared

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=book.after_fork)
leaving.add(book.at_exit)
