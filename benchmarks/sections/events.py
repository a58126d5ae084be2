"""What telling of an event costs, and how many a second go through a handler that takes batches.

What the caller pays is timed on its thread alone: in bursts of a batch, and without end, where events pile up
because two threads share one interpreter and their memory is no longer in the cache. The bursts are timed with both
threads on one core, too: where the worker has to be woken on another core, and frees there what the caller allocates, that is a
quarter of the cost and the machine's, not ours. The throughput counts the processor time of the whole process,
worker included, from the first event to the last that the handler has taken: what one core does in a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from timeit import Timer
from typing import Any

from benchmarks.table import Row
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, Ratio, ratio
from outfall_runtime import Event, emit, events, flags, staged_emit

TITLE = "events"
UNIT = "dict.get"
BASELINE = "plain.get('k')"
EVENTS, QUICK_EVENTS = 500_000, 20_000
BATCH = 1_000
BURSTS = 20  # of a batch each, with time for the handler after each, as a sample
# operation, statement, most that it may cost
OPERATIONS: list[tuple[str, str, float | None]] = [
    ("emit, nobody listens", "emit('benchmarks.unheard', agent=1)", None),
    ("emit, kept, while its handler falls behind", "emit('benchmarks.kept', agent=1)", 15),
    ("emit, duplicate suppressed", "emit('benchmarks.same', agent=1)", 15),
    ("emit, duplicate suppressed, key of two fields", "emit('benchmarks.same2', agent=1, zone=2)", None),
    ("emit, rate-limited", "emit('benchmarks.limited', agent=1)", None),
    ("emit, one inline handler", "emit('benchmarks.inline', agent=1)", None),
    ("staged emit, legacy", "staged_emit('benchmarks.unheard', agent=1)", None),
]


def rows(quick: bool) -> list[Row]:
    """Every operation beside a plain dict read, then the throughput."""
    ends = [
        events.attach("benchmarks.kept", take, batch=BATCH, limit=1_000_000),
        events.attach("benchmarks.inline", take_one, inline=True),
        events.configure("benchmarks.same", key="agent", window=3_600),
        events.configure("benchmarks.same2", key=("agent", "zone"), window=3_600),
        events.configure("benchmarks.limited", per_second=1),
    ]
    names = {"plain": {"k": 1}, "emit": emit, "staged_emit": staged_emit}
    rounds = QUICK_ROUNDS if quick else ROUNDS
    try:
        measured = [Row("emit, kept for a batch handler", in_bursts(names, rounds), UNIT, 15)]
        if hasattr(os, "sched_setaffinity"):
            with one_core():
                measured.append(Row("emit, kept, both threads on one core", in_bursts(names, rounds), UNIT, 15))
        with flags.override("use_events", "legacy"):
            measured += [
                Row(name, ratio(code, BASELINE, names, rounds, time.thread_time), UNIT, limit)
                for name, code, limit in OPERATIONS
            ]
    finally:
        for end in ends:
            end()
    pairs = [(microseconds_each(QUICK_EVENTS if quick else EVENTS), 1.0) for _ in range(QUICK_ROUNDS)]
    return [*measured, Row("emit and deliver in batches", Ratio.of(pairs), "CPU microsecond", 1)]


def in_bursts(names: dict[str, Any], rounds: int) -> Ratio:
    """What the caller pays where the handler keeps up: batch after batch, each handed over before the next is begun."""
    kept, plain, empty = (
        Timer(code, timer=time.thread_time, globals=names) for code in ("emit('benchmarks.burst', agent=1)", BASELINE, "pass")
    )
    pairs = []
    end = events.attach("benchmarks.burst", take, batch=BATCH)
    try:
        for _ in range(rounds):
            nothing = empty.timeit(BURSTS * BATCH)
            spent = 0.0
            for _ in range(BURSTS):
                spent += kept.timeit(BATCH)
                if not events.flush(60):
                    raise TimeoutError("a batch was not taken within a minute")
            pairs.append((spent - nothing, plain.timeit(BURSTS * BATCH) - nothing))
    finally:
        end()
    return Ratio.of(pairs)


@contextmanager
def one_core() -> Iterator[None]:
    """This thread, and threads that it starts, on one core of the machine."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def take(batch: list[Event]) -> None:
    """A handler that does nothing."""


def take_one(event: Event) -> None:
    """The same for one event."""


def microseconds_each(count: int) -> float:
    """CPU microseconds of this process for one event, emitted and taken by a handler."""
    taken = [0]

    def handler(batch: list[Event]) -> None:
        taken[0] += len(batch)

    end = events.attach("benchmarks.through", handler, batch=1_000, limit=count)
    try:
        start = time.process_time()
        for number in range(count):
            emit("benchmarks.through", number=number)
        if not events.flush(120):
            raise TimeoutError(f"{count} events were not delivered within two minutes")
        spent = time.process_time() - start
    finally:
        end()
    if taken[0] != count:
        raise AssertionError(f"{count} events were emitted and {taken[0]} delivered")
    return spent / count * 1e6
