"""Brings events to one handler: on a worker of its own, in order, again if it failed.

An event waits in a queue of limited length; what does not fit is dropped and counted. The worker is
a daemon thread that starts with the first event. It takes a batch when that is full, or when its
first event has waited long enough, and holds it until the handler has taken it: whatever happens to
the worker in between, the batch is delivered again (at least once, never less).

Hazard: a handler may block, fail in any way, or end its thread; that is its own worker's business and
nobody else's. Threads do not survive a fork: the child forgets what waits, which the parent delivers,
and starts a worker of its own. Waiting is measured on the monotonic clock.
"""

from __future__ import annotations

import threading
from collections import deque
from functools import partial
from itertools import repeat, starmap
from time import monotonic

from .._common import report
from .._common.tallies import Count, Tally
from .event import Event
from .waking import Signal, room

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Deque, Dict, List, Optional, Union

    from .event import Raw

FIRST_PAUSE = 0.1  # seconds before a handler that failed is called again; then twice as long each time
LONGEST_PAUSE = 5.0
LOOK = 0.05  # seconds after which `flush` looks again by itself
FEW = 64  # events taken at once for a handler that gets them one by one
as_event = partial(tuple.__new__, Event)


class Courier:
    """One handler with its queue and its worker; see `events.attach` for the arguments."""

    def __init__(
        self, pattern: str, handler: Callable[[Any], object], *, batch: int, seconds: float, limit: int, tries: int
    ) -> None:
        self.pattern = pattern
        self.handler = handler
        self.waiting: Deque[Raw] = deque()
        self.delivered, self.retried, self.failed, self.dropped = Tally(), Tally(), Tally(), Count()
        self._batch = batch
        self._size = min(batch or FEW, limit)
        self._seconds = seconds
        self._limit = limit
        self._tries = tries
        self._sound = [None]  # empty while the handler fails
        self._over = False
        self.after_fork()

    # -- on the thread that emits

    def wake(self) -> None:
        """The room is used up: as many events wait as the worker, or the limit, wants to know of."""
        many = self._size if self._batch and self._wake_at == 1 else self._limit + 1
        try:
            while True:
                while len(self.waiting) > self._limit and self._drop():
                    pass
                if self._until(many) or len(self.waiting) < self._limit - FEW:
                    break
            self._ensure_worker()
        finally:
            self._signal.set()  # last: the worker, if it had another mind, says so again

    def again(self, raw: Raw) -> None:
        """Queue an event that the handler has failed on, on the thread that emitted it."""
        self.retried.add()
        self.waiting.append(raw)
        self.wake()

    def flush(self, deadline: float) -> bool:
        """Wait until all that waits now has been handled; False if `deadline` (monotonic) came first."""
        if self._thread is threading.current_thread():  # a handler cannot wait for itself
            return False
        target = len(self.waiting) + self._taken  # in this order: what is being taken counts twice rather than not at all
        rushing = self._rushing
        rushing.append(None)
        try:
            while self._done < target and self.busy():
                if not self._ensure_worker() and self._deliver_here():  # the interpreter is about to end
                    continue
                self._signal.set()
                left = deadline - monotonic()
                if left <= 0:
                    return False
                with self._progress:
                    if self._done < target:
                        self._progress.wait(min(left, LOOK))
            return True
        finally:
            rushing.pop()

    def busy(self) -> bool:
        """Whether anything is left to deliver."""
        return bool(self.waiting) or self._done < self._taken

    def close(self) -> None:
        """Let the worker end when nothing waits any more."""
        self._over = True
        self._signal.set()

    def hurry(self) -> None:
        """Try again without a pause from now on: the process is about to end."""
        self._hurry.set()

    def after_fork(self) -> None:
        """In the child: what waits is delivered by the parent, and the worker is gone."""
        self.waiting.clear()
        for tally in (self.delivered, self.retried, self.failed, self.dropped):
            tally.clear()
        self._until(1)
        self._in_hand: List[Event] = []
        self._taken = self._done = 0
        self._rushing: List[None] = []  # one for each that flushes
        self._turns = [None]  # for who delivers where there is no worker
        self._since = monotonic()
        self._signal, self._hurry = Signal(), threading.Event()
        self._progress = threading.Condition()
        self._starting = threading.RLock()  # a finalizer or a signal handler may emit, too
        self._thread: Optional[threading.Thread] = None
        self._beginning: Optional[threading.Thread] = None  # it is being started

    def stats(self) -> Dict[str, Union[int, float, str]]:
        left = len(self.waiting) + len(self._in_hand)
        return {
            "pattern": self.pattern,
            "handler": getattr(self.handler, "__qualname__", repr(self.handler)),
            "delivered": self.delivered.total(),
            "retried": self.retried.total(),
            "failed": self.failed.total(),
            "dropped": self.dropped.total(),
            "waiting": left,
            "lag": monotonic() - self._since if left else 0.0,
        }

    def note_failure(self) -> None:
        """Report the exception being handled, unless the handler was failing before."""
        try:
            self._sound.pop()
        except IndexError:
            return
        report.warn(f"handler {self.handler!r} of events {self.pattern!r} failed; trying again", error=True)

    def _until(self, many: int) -> bool:
        """Make room for events until so many wait; the last one wakes the worker. False if some came meanwhile."""
        waiting = len(self.waiting)
        self._wake_at = many
        self.room = room(many - 1 - waiting)
        return len(self.waiting) <= waiting

    def _drop(self) -> bool:
        try:
            self.waiting.pop()
        except IndexError:  # the worker was quicker
            return False
        if not self.dropped.add():
            report.warn(
                f"{self._limit:,} events wait for handler {self.handler!r} of {self.pattern!r}; new ones are dropped"
            )
        return True

    def _ensure_worker(self) -> bool:
        thread = self._thread
        if thread is not None and thread.is_alive():
            return True
        with self._starting:
            thread = self._thread
            if thread is None or not (thread.is_alive() or thread is self._beginning):
                new = threading.Thread(target=self._work, name=f"outfall-events {self.pattern}", daemon=True)
                self._thread = self._beginning = new  # before the start: a handler may flush
                try:
                    new.start()
                except RuntimeError:  # no thread can be started any more
                    self._thread = None
                    return False
                finally:
                    self._beginning = None
        return True

    # -- on the worker

    def _work(self) -> None:
        try:
            while not self._over or self.busy():
                try:
                    self._deliver()
                    self._gather()
                    self._take()
                except BaseException:  # such as an exception that another thread set on this one
                    report.warn(f"the worker for events {self.pattern!r} was interrupted; it goes on", error=True)
        finally:
            if self._thread is threading.current_thread():
                self._thread = None
            self._until(1)
            if self.busy():  # it was interrupted once more while it said so
                self._ensure_worker()

    def _gather(self) -> None:
        """Wait for an event, and then for others to fill the batch."""
        while not self._over:
            self._until(1)  # again each time round: `wake` may have been late in changing it
            if self.waiting:
                break
            self._signal.wait()
        self._since = monotonic()
        if self._batch:
            until = self._since + self._seconds
            while not (self._over or self._rushing):
                exactly = self._until(self._size)
                left = until - monotonic()
                if left <= 0 or len(self.waiting) >= self._size:
                    break
                if exactly:
                    self._signal.wait(left)
        self._until(self._limit + 1)

    def _take(self) -> None:
        """Take what is to be delivered next, in one step, between whose parts nothing can interrupt the worker."""
        many = min(self._size, len(self.waiting))
        self._taken = self._done + len(self._in_hand) + many  # beforehand: who looks meanwhile must not miss any
        try:
            self._in_hand.extend(map(as_event, starmap(self.waiting.popleft, repeat((), many))))
        except IndexError:  # one was dropped meanwhile; those before it are in hand
            pass
        finally:
            self._taken = self._done + len(self._in_hand)

    def _deliver(self) -> None:
        while True:
            self._done = self._taken - len(self._in_hand)  # where the last time was interrupted, too
            if self._rushing:
                with self._progress:
                    self._progress.notify_all()
            if not self._in_hand:
                return
            count = len(self._in_hand) if self._batch else 1
            taken = self._call(count)
            (self.delivered if taken else self.failed).add(count)
            del self._in_hand[:count]
            self._since = monotonic()

    def _deliver_here(self) -> bool:
        """Deliver on this thread, unless another one does."""
        try:
            turn = self._turns.pop()
        except IndexError:
            return False
        try:
            self._take()
            self._deliver()
        finally:
            self._turns.append(turn)
        return True

    def _call(self, count: int) -> bool:
        """Call the handler until it takes the event or the batch, or has had all its tries."""
        pause = FIRST_PAUSE
        for left in range(self._tries - 1, -1, -1):
            try:
                self.handler(self._in_hand[:count] if self._batch else self._in_hand[0])
            except BaseException:
                self.note_failure()
                if left:
                    self.retried.add()
                    self._hurry.wait(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if not self._sound:
                    self._sound.append(None)
                    report.warn(f"handler {self.handler!r} of events {self.pattern!r} works again")
                return True
        return False
