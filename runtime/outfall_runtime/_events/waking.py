"""What tells a worker that enough events wait, at a price that every event can pay.

An event takes a step of an iterator; at its end, somebody looks how many wait. That costs less than a look at each event,
which makes a number of the queue's length.

Hazard: threads share the iterator, and one may still step on an old one when a new one is in its place. So an event is
queued before its step is taken, and whoever makes less room looks at the queue afterwards. Without a global lock two
threads may take one step of a list's iterator together, or take steps back; `itertools.count` alone is exact there, which
costs a little more.
"""

from __future__ import annotations

import threading
from itertools import count, repeat, takewhile

from .._common.interpreter import GLOBAL_LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

MOST_STEPS = 10_000
_STEPS = [None] * MOST_STEPS


def room(many: int) -> Iterator[object]:
    """An iterator that ends after `many` steps, at the latest after `MOST_STEPS`."""
    steps: Any = iter(_STEPS)
    steps.__setstate__(MOST_STEPS - min(max(many, 0), MOST_STEPS))  # where to begin, as a copy of an iterator is told
    return steps  # type: ignore[no-any-return]


def exact_room(many: int) -> Iterator[object]:
    """The same for interpreters without a global lock."""
    return takewhile(min(max(many, 0), MOST_STEPS).__gt__, count())


if not GLOBAL_LOCK:
    room = exact_room


class Direct:
    """In a courier's place where no event waits for one alone."""

    room = repeat(None)

    def wake(self) -> None:
        """Never called: there is room for ever."""


DIRECT = Direct()  # outfall: ignore[OUT109] nothing of it changes


class Signal:
    """Wakes the one thread that waits for it, or lets its next wait through, at half the price of a `threading.Event`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:  # it is set, and nobody has waited since
            pass

    def wait(self, seconds: float = -1) -> None:
        """Until it is set, or for so many seconds; -1: however long that takes."""
        self._lock.acquire(timeout=seconds)
