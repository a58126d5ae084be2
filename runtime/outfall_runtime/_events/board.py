"""Who hears of which event: handlers and policies by pattern, looked up once for each name.

Hazard: this is read at every event on every thread, and changed now and then. A reader takes a route
that never changes; whoever attaches a handler throws all routes away, and they are made anew. Their
number is limited, so that names made up at run time do no harm.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from time import monotonic

from .._common import report
from .._common.listeners import call_each
from .._common.tallies import Tally
from .courier import Courier, as_event
from .event import matches, rank
from .policy import Policy
from .waking import DIRECT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple, Union

    from .event import Raw
    from .policy import Keeping
    from .waking import Direct

    # What happens to the events of one name: which are kept, what is called with one that is, and whose room that takes.
    Route = Tuple[Optional[Keeping], Optional[Callable[[Raw], None]], Union[Courier, Direct]]

MOST_ROUTES = 1_000
SECONDS_AT_EXIT = 5.0


class EventBoard:
    """All handlers and policies of this process."""

    def __init__(self) -> None:
        self.routes: Dict[str, Route] = {}
        self.shadowed = Tally()  # staged events that would have been kept
        self._couriers: Tuple[Courier, ...] = ()
        self._inline: Tuple[Courier, ...] = ()
        self._leaving: Tuple[Courier, ...] = ()  # detached, with something to deliver yet
        self._policies: Tuple[Policy, ...] = ()
        self._lock = threading.RLock()  # a finalizer or a signal handler may emit, too

    def route(self, name: str) -> Route:
        """The route of a name that has none yet."""
        with self._lock:
            policies = [one for one in self._policies if matches(one.pattern, name)]
            policy = max(policies, key=lambda one: rank(one.pattern), default=None)
            keeping = None if policy is None else policy.keeping()
            queued = tuple(one for one in self._couriers if matches(one.pattern, name))
            inline = tuple(one for one in self._inline if matches(one.pattern, name))
            found: Route = (keeping, None, DIRECT)
            if len(queued) == 1 and not inline:
                found = (keeping, queued[0].waiting.append, queued[0])
            elif queued or inline:
                found = (keeping, partial(self.bring, queued, inline), DIRECT)
            if len(self.routes) >= MOST_ROUTES:
                self.routes.clear()
            self.routes[name] = found
        return found

    def attach(self, courier: Courier, inline: bool) -> Callable[[], None]:
        with self._lock:
            if inline:
                self._inline += (courier,)
            else:
                self._couriers += (courier,)
            self.routes.clear()
        return lambda: self._detach(courier)

    def configure(self, policy: Policy) -> Callable[[], None]:
        with self._lock:
            self._policies = (*(one for one in self._policies if one.pattern != policy.pattern), policy)
            self.routes.clear()
        return lambda: self._drop(policy)

    def bring(self, queued: Tuple[Courier, ...], inline: Tuple[Courier, ...], raw: Raw) -> None:
        """Queue an event for some handlers and call others where it happens; one of these that fails gets it again
        from its worker.
        """
        for courier in queued:
            courier.waiting.append(raw)
            for _ in courier.room:
                break
            else:
                courier.wake()
        if inline:
            self._call_inline(inline, raw)

    def _call_inline(self, couriers: Tuple[Courier, ...], raw: Raw) -> None:
        failed: List[int] = []

        def note(place: int) -> None:
            failed.append(place)
            couriers[place].note_failure()

        try:
            call_each([courier.handler for courier in couriers], as_event(raw), note)
        finally:
            for place, courier in enumerate(couriers):
                if place not in failed:
                    courier.delivered.add()
                else:
                    courier.again(raw)

    def couriers(self) -> Tuple[Courier, ...]:
        """Every one that may have something to deliver."""
        with self._lock:
            self._leaving = tuple([one for one in self._leaving if one.busy()])
            return self._couriers + self._inline + self._leaving

    def flush(self, seconds: float) -> bool:
        """Wait until every handler had what waits for it now; False if that took too long."""
        deadline = monotonic() + seconds
        return all([courier.flush(deadline) for courier in self.couriers()])

    def stats(self) -> Dict[str, Any]:
        total: Dict[str, int] = {"sampled_out": 0, "suppressed": 0, "rate_limited": 0, "forgotten_keys": 0}
        for policy in self._policies:
            for name, number in policy.stats().items():
                total[name] += number
        handlers: List[Dict[str, Any]] = [dict(courier.stats()) for courier in self.couriers()]
        return {**total, "shadowed": self.shadowed.total(), "handlers": handlers}

    def checkpoint(self) -> Callable[[], None]:
        """A function that brings back the handlers and policies of now."""
        before = self._couriers, self._inline, self._policies

        def restore() -> None:
            for courier in self._couriers + self._inline:
                if courier not in before[0] + before[1]:
                    self._detach(courier)
            with self._lock:
                self._couriers, self._inline, self._policies = before
                self.routes.clear()

        return restore

    def at_exit(self) -> None:
        for courier in self.couriers():
            courier.hurry()
        if not self.flush(SECONDS_AT_EXIT):
            for one in [one for one in map(Courier.stats, self.couriers()) if one["waiting"]]:
                report.warn(
                    f"{one['waiting']} events for handler {one['handler']!r} of {one['pattern']!r} are lost: "
                    f"it did not take them within {SECONDS_AT_EXIT:g} s of the end of the process"
                )

    def after_fork(self) -> None:
        self._lock = threading.RLock()
        self.shadowed.clear()
        for courier in self.couriers():
            courier.after_fork()
        for policy in self._policies:
            policy.after_fork()

    def _detach(self, courier: Courier) -> None:
        with self._lock:
            self._couriers = tuple(one for one in self._couriers if one is not courier)
            self._inline = tuple(one for one in self._inline if one is not courier)
            self._leaving += (courier,)
            self.routes.clear()
        courier.close()

    def _drop(self, policy: Policy) -> None:
        with self._lock:
            self._policies = tuple(one for one in self._policies if one is not policy)
            self.routes.clear()


board = EventBoard()  # outfall: ignore[OUT109] handlers are the process's, and it says how they are shared

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=board.after_fork)
