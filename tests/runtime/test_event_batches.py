"""Batches come when they are full or when their time is over, and lose nothing between many emitters."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any, Callable, Dict, List

from outfall_runtime import Event, emit, events

WAIT = 30.0  # seconds; a test that waits so long has failed


def numbers(got: List[Event]) -> List[int]:
    return [one.fields["number"] for one in got]


def stats_of(pattern: str) -> Dict[str, Any]:
    [found] = [one for one in events.stats()["handlers"] if one["pattern"] == pattern]
    return dict(found)


def test_nothing_is_lost_between_many_emitters_and_a_handler(
    eager_switching: None, run_all: Callable[[List[Callable[[], Any]]], None]
) -> None:
    """Offered = delivered + dropped, for every handler, whatever the interleaving."""
    got: List[Event] = []
    events.attach("a", got.extend, batch=7, limit=100, seconds=0.01)

    def emitter(me: int) -> None:
        for number in range(2_000):
            emit("a", number=(me, number))

    run_all([partial(emitter, me) for me in range(4)])
    assert events.flush(WAIT)
    found = stats_of("a")
    assert found["delivered"] + found["dropped"] == 8_000
    assert found["delivered"] == len(got) == len({one.fields["number"] for one in got})
    for me in range(4):
        mine = [number for who, number in numbers(got) if who == me]  # type: ignore[misc]
        assert mine == sorted(mine)


def test_a_batch_comes_when_it_is_full() -> None:
    got: List[List[int]] = []
    full = threading.Event()

    def take(batch: List[Event]) -> None:
        got.append(numbers(batch))
        if len(got) == 2:
            full.set()

    events.attach("a", take, batch=3, seconds=3_600)
    for number in range(7):
        emit("a", number=number)
    assert full.wait(WAIT)
    assert got == [[0, 1, 2], [3, 4, 5]]
    assert stats_of("a")["waiting"] == 1
    assert events.flush(WAIT)
    assert got[2:] == [[6]]


def test_a_batch_comes_when_its_time_is_over_with_no_further_event() -> None:
    came = threading.Event()
    got: List[int] = []

    def take(batch: List[Event]) -> None:
        got.extend(numbers(batch))
        came.set()

    events.attach("a", take, batch=1_000, seconds=0.02)
    for number in range(5):
        came.clear()
        emit("a", number=number)
        assert came.wait(WAIT)
    assert got == [0, 1, 2, 3, 4]
