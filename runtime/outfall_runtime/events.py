"""Events: what happened, told to whoever wants to know, without harm to whoever tells.

    from outfall_runtime import emit, events

    events.attach("agent.*", store, batch=500, seconds=1.0)    # lists, on a worker of its own
    events.configure("agent.lost", key="agent", window=60)     # each agent once a minute

    emit("agent.lost", agent="a-7", reason="timeout")

In names of patterns `*` stands for any characters. `staged_emit` follows the flag `use_events`, for
as long as a hand-rolled way still stands beside it:

| mode | what `staged_emit` does |
|---|---|
| `legacy` | nothing |
| `shadow` | counts what would have been kept, duplicates and samples as configured; no handler is called |
| `new`, `enforced` | the same as `emit` |

A percentage goes by the context's `rollout_key`.

Hazard: see `_events.board`, `_events.courier`, `_events.policy` and `_events.window`.
"""

from __future__ import annotations

from time import monotonic_ns, time

from . import context, flags
from ._common.leaving import leaving
from ._common.modes import ENABLED, LEGACY
from ._events.board import board
from ._events.courier import Courier
from ._events.event import Event
from ._events.policy import Policy
from ._events.window import MOST_KEYS
from ._spans.chain import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Sequence, Union, overload

__all__ = ["Event", "attach", "configure", "emit", "flush", "staged_emit", "stats"]

FLAG = "use_events"
MOST_WAITING = 50_000
_routes = board.routes
_span = chain.get


def emit(name: str, /, **fields: Any) -> bool:
    """Tell that something happened now; whether it was kept, and not sampled out or a duplicate.

    It never waits: handlers run on workers of their own, except those attached `inline`.
    """
    try:
        policy, append, courier = _routes[name]
    except KeyError:
        policy, append, courier = board.route(name)
    if policy is not None:
        keeps, seen, field, suppressed = policy
        if seen is not None:
            try:
                if seen.young[fields[field]][0] > monotonic_ns():
                    next(suppressed)
                    return False
            except (KeyError, IndexError, TypeError):  # not seen lately, being renewed, no such field, no key
                pass
        if not keeps(name, fields):
            return False
    if append is not None:
        append((name, fields, time(), _span()))
        for _ in courier.room:  # costs less than a look at how many wait
            break
        else:
            courier.wake()
    return True


def staged_emit(name: str, /, **fields: Any) -> bool:
    """`emit` as far as the flag `use_events` says; whether the event was kept and handed to handlers."""
    mode = flags.mode(FLAG, context.current().get(context.ROLLOUT_KEY))
    if mode in ENABLED:
        return emit(name, **fields)
    if mode != LEGACY:
        policy = (_routes.get(name) or board.route(name))[0]
        if policy is None or policy[0](name, fields):
            board.shadowed.add()
    return False


if TYPE_CHECKING:

    @overload
    def attach(
        pattern: str,
        handler: Callable[[Event], object],
        *,
        inline: bool = False,
        limit: int = MOST_WAITING,
        tries: int = 3,
    ) -> Callable[[], None]: ...

    @overload
    def attach(
        pattern: str,
        handler: Callable[[List[Event]], object],
        *,
        batch: int,
        seconds: float = 1.0,
        limit: int = MOST_WAITING,
        tries: int = 3,
    ) -> Callable[[], None]: ...


def attach(
    pattern: str,
    handler: Callable[[Any], object],
    *,
    batch: int = 0,
    seconds: float = 1.0,
    inline: bool = False,
    limit: int = MOST_WAITING,
    tries: int = 3,
) -> Callable[[], None]:
    """Call `handler` with the events whose names fit the pattern; returns a function that ends this.

    Every handler has a queue and a worker thread, so one that blocks or fails holds up nobody else.
    It gets an event again if it raises, and so may get one twice.

    Args:
        batch: give it lists of so many events, or of fewer after `seconds`; 0: one event at a time.
        seconds: how long the first event of a batch waits for the batch to fill.
        inline: call it on the thread that emits, before `emit` returns; not with `batch`.
        limit: how many events may wait; what comes then is dropped and counted.
        tries: how often it is called with what it fails on, with growing pauses, before that is given up.

    Raises:
        ValueError: a number is out of its range, or `batch` is given with `inline`.
    """
    for argument, number, least in (("batch", batch, 0), ("limit", limit, 1), ("tries", tries, 1)):
        if number < least:
            raise ValueError(f"{argument}={number!r}: expected {least} or more")
    if not seconds > 0:
        raise ValueError(f"seconds={seconds!r}: expected more than 0")
    if inline and batch:
        raise ValueError("inline=True calls the handler for each event at once; batch=... needs inline=False")
    courier = Courier(pattern, handler, batch=batch, seconds=seconds, limit=limit, tries=tries)
    return board.attach(courier, inline)


def configure(
    pattern: str,
    *,
    key: Optional[Union[str, Sequence[str]]] = None,
    window: float = 60.0,
    sample: float = 1.0,
    per_second: Optional[float] = None,
    most_keys: int = MOST_KEYS,
) -> Callable[[], None]:
    """Say which events are kept at all; returns a function that takes this back.

    Of several patterns that fit a name the most specific counts: the name itself, else the longest.
    The same pattern again replaces what was said before.

    Args:
        key: the fields that make two events of one name the same; `()` if the name alone does. Of the
            same events only the first within `window` is kept.
        window: seconds.
        sample: the share that is kept at random, from 0 (never) to 1 (always).
        per_second: how many are kept in a second.
        most_keys: how many keys are remembered; of more than that, the oldest are forgotten.

    Raises:
        ValueError: a number is out of its range.
    """
    return board.configure(Policy(pattern, key, window, sample, per_second, most_keys))


def flush(seconds: float = 5.0) -> bool:
    """Wait until handlers had everything that was emitted before; False if `seconds` were too few.

    Done at exit too, also of a child of `multiprocessing`. Before a process leaves with `os._exit`, or becomes a daemon by
    a double fork, call it yourself.
    """
    return board.flush(seconds)


def stats() -> Dict[str, Any]:
    """How many events were turned away, by reason, and what each handler did.

    `forgotten_keys` says how often `most_keys` was too few; `lag` is seconds since a handler last
    took something while something waits.
    """
    return board.stats()


leaving.add(board.at_exit)
