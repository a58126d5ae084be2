"""A worker hears of every event that it waits for, and a queue keeps to its limit, whoever counts at the same time."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

import pytest

from outfall_runtime import Event, emit, events
from outfall_runtime._events.waking import MOST_STEPS, Signal, room

RunAll = Callable[[List[Callable[[], Any]]], None]
WAIT = 30.0  # seconds; a test that waits so long has failed


@pytest.mark.parametrize("many, steps", [(-5, 0), (0, 0), (1, 1), (999, 999), (MOST_STEPS, MOST_STEPS), (MOST_STEPS + 1, MOST_STEPS)])
def test_room_for_so_many(many: int, steps: int) -> None:
    assert len(list(room(many))) == steps


def test_rooms_are_apart() -> None:
    first, second = room(3), room(3)
    assert (len(list(first)), len(list(second))) == (3, 3)


def test_a_signal_that_came_first_lets_one_wait_through() -> None:
    signal = Signal()
    signal.set()
    signal.set()
    signal.wait()
    done: List[bool] = []

    def wait_again() -> None:
        signal.wait()
        done.append(True)

    thread = threading.Thread(target=wait_again)
    thread.start()
    assert done == []
    signal.set()
    thread.join(WAIT)
    assert done == [True]


def test_each_event_of_a_quiet_time_wakes_the_worker(eager_switching: None) -> None:
    """One at a time, nobody flushes: a wake that is lost would be waited for in vain."""
    came = threading.Semaphore(0)
    events.attach("a", lambda event: came.release())
    for number in range(3_000):
        emit("a", number=number)
        assert came.acquire(timeout=WAIT), f"event {number} woke nobody"


def test_each_batch_of_a_quiet_time_wakes_the_worker(eager_switching: None, run_all: RunAll) -> None:
    came = threading.Semaphore(0)
    events.attach("a", lambda batch: came.release(len(batch)), batch=3, seconds=3_600)

    def one() -> None:
        emit("a")

    for _ in range(300):
        run_all([one] * 3)
        for _ in range(3):
            assert came.acquire(timeout=WAIT), "a full batch woke nobody"


def test_a_batch_larger_than_a_room_comes_when_it_is_full() -> None:
    got: List[int] = []
    full = threading.Event()

    def take(batch: List[Event]) -> None:
        got.append(len(batch))
        full.set()

    size = 2 * MOST_STEPS + 5
    events.attach("a", take, batch=size, seconds=3_600, limit=2 * size)
    for _ in range(size):
        emit("a")
    assert full.wait(WAIT)
    assert got == [size]


def test_many_who_emit_keep_to_the_limit(eager_switching: None, run_all: RunAll) -> None:
    entered, opened = threading.Event(), threading.Event()
    got: List[int] = []

    def blocked(event: Event) -> None:
        entered.set()
        assert opened.wait(WAIT)
        got.append(event.fields["number"])

    events.attach("a", blocked, limit=20)
    emit("a", number=-1)
    assert entered.wait(WAIT)

    def emitter() -> None:
        for number in range(500):
            emit("a", number=number)

    run_all([emitter] * 4)
    emit("a", number=-2)  # whoever is last leaves the queue within its limit
    [found] = events.stats()["handlers"]
    opened.set()
    assert found["waiting"] - 1 <= 20  # one is in the handler's hand
    assert events.flush(WAIT)
    [found] = events.stats()["handlers"]
    assert found["delivered"] + found["dropped"] == 4 * 500 + 2
    assert found["delivered"] == len(got)
