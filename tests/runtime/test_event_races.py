"""Events while several threads are truly at it at once: what is one step stays one, without a global lock, too."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import Event, emit, events
from outfall_runtime._events import courier as _event_courier, window as _event_window
from outfall_runtime._events.board import board
from outfall_runtime._events.courier import Courier
from outfall_runtime._events.waking import MOST_STEPS, exact_room
from outfall_runtime._events.window import Window

InStep = Callable[..., None]
WAIT = 30.0  # seconds; a test that waits so long has failed


@pytest.fixture
def move_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stops the clock of windows; calling it moves it on by some seconds."""
    now = [1_000.0]
    monkeypatch.setattr(_event_window, "monotonic_ns", lambda: int(now[0] * 1e9))

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


# -- duplicates


@pytest.mark.parametrize("threads", [2, 4])
def test_one_is_first_when_a_key_comes_back_after_its_time(
    threads: int, in_step: InStep, move_on: Callable[[float], None]
) -> None:
    window = Window(60)
    window.is_first("key")
    kept: Dict[int, List[int]] = {}

    def bring(me: int, number: int) -> None:
        if window.is_first("key"):
            kept.setdefault(number, []).append(me)

    in_step(threads, 400, bring, lambda number: move_on(61))
    assert [len(kept.get(number, ())) for number in range(400)] == [1] * 400


@pytest.mark.parametrize("threads", [2, 4])
def test_one_is_first_while_the_younger_generation_becomes_the_older(threads: int, in_step: InStep) -> None:
    window = Window(60, most=4)
    kept: Dict[int, List[int]] = {}

    def bring(me: int, number: int) -> None:
        if me == 0:
            window.is_first(("another", number))  # with the key it fills a generation
        if window.is_first(number):
            kept.setdefault(number, []).append(me)

    in_step(threads, 600, bring)
    assert [len(kept.get(number, ())) for number in range(600)] == [1] * 600


def test_keys_whose_time_is_over_come_back_while_generations_are_counted(
    in_step: InStep, move_on: Callable[[float], None]
) -> None:
    window = Window(60, most=8)
    kept: List[int] = []

    def bring(me: int, number: int) -> None:
        kept.extend(key for key in range(me, me + 12) if window.is_first(key))

    in_step(3, 200, bring, lambda number: move_on(0.0 if number % 3 else 61.0))
    assert set(kept) == set(range(14))
    assert (len(window.young) <= 4 + 3, len(window.old) <= 4 + 3) == (True, True)


def test_what_is_forgotten_is_forgotten_in_both_generations(move_on: Callable[[float], None]) -> None:
    window = Window(60, most=4)
    for key in ("key", "a", "b"):  # the third makes room: `key` is in the older generation now
        window.is_first(key)
    move_on(61)
    assert [window.is_first("key"), window.is_first("key")] == [True, False]
    window.forget("key")
    assert window.is_first("key")


# -- queues


def test_steps_of_a_room_are_taken_once_whoever_steps(in_step: InStep) -> None:
    taken: List[int] = []
    rooms = {number: exact_room(60) for number in range(100)}

    def step(me: int, number: int) -> None:
        taken.extend(number for _ in rooms[number])

    in_step(3, 100, step)
    assert [taken.count(number) for number in range(100)] == [60] * 100


@pytest.mark.parametrize("many, steps", [(-5, 0), (0, 0), (1, 1), (MOST_STEPS + 1, MOST_STEPS)])
def test_an_exact_room_has_room_for_so_many(many: int, steps: int) -> None:
    assert len(list(exact_room(many))) == steps


@pytest.mark.parametrize("how", [{}, {"batch": 2, "seconds": 3_600}])
def test_a_flush_waits_for_all_that_was_emitted_before(how: Dict[str, Any], in_step: InStep) -> None:
    got: List[Any] = []

    def take(unit: Any) -> None:
        got.extend(one.fields["what"] for one in (unit if how else [unit]))

    events.attach("a", take, **how)
    missed: List[Any] = []

    def work(me: int, number: int) -> None:
        mine = [(me, number, one) for one in range(3)]
        for one in mine:
            emit("a", what=one)
        if not events.flush(WAIT) or not set(mine) <= set(got[-100:]):
            missed.append((me, number))

    in_step(2, 500, work)
    assert missed == []
    [courier] = board.couriers()
    assert courier._rushing == []


def test_full_batches_come_at_once_whoever_fills_them(in_step: InStep) -> None:
    came = threading.Semaphore(0)
    events.attach("a", lambda batch: came.release(len(batch)), batch=200, seconds=3_600)

    def fill(me: int, number: int) -> None:
        for _ in range(100):
            emit("a")
        for _ in range(100):
            assert came.acquire(timeout=WAIT), f"batch {number} was full and did not come"

    in_step(2, 150, fill)


def test_that_a_queue_is_full_is_said_once(in_step: InStep, caplog: pytest.LogCaptureFixture) -> None:
    opened = threading.Event()
    for number in range(50):
        events.attach(f"full {number}", lambda event: opened.wait(WAIT), limit=1)

    def overfill(me: int, number: int) -> None:
        for _ in range(4):
            emit(f"full {number}")

    in_step(2, 50, overfill)
    opened.set()
    assert caplog.text.count("new ones are dropped") == 50


def test_that_a_handler_fails_is_said_once(in_step: InStep, caplog: pytest.LogCaptureFixture) -> None:
    def fail(event: Event) -> None:
        raise ValueError

    for number in range(50):
        events.attach(f"fails {number}", fail, inline=True, tries=1)
    in_step(2, 50, lambda me, number: emit(f"fails {number}"))
    assert events.flush(WAIT)
    assert caplog.text.count("failed; trying again") == 50


def test_a_detached_handler_that_has_something_to_do_is_not_forgotten(in_step: InStep) -> None:
    forgotten: List[Any] = []

    def come_and_go(me: int, number: int) -> None:
        opened = threading.Event()
        pattern = f"leaving {me} {number}"
        detach = events.attach(pattern, lambda event: opened.wait(WAIT))
        emit(pattern)
        detach()
        events.stats()
        if not any(courier.pattern == pattern for courier in board.couriers()):
            forgotten.append(pattern)
        opened.set()

    in_step(3, 100, come_and_go)
    assert forgotten == []


def test_where_no_thread_can_be_started_those_who_flush_deliver_each_event_once(
    in_step: InStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    got: List[int] = []
    events.attach("a", lambda batch: got.extend(one.fields["number"] for one in batch), batch=3)
    with monkeypatch.context() as patch:
        patch.setattr(Courier, "_ensure_worker", lambda courier: False)

        def work(me: int, number: int) -> None:
            for one in range(10):
                emit("a", number=1_000 * me + 10 * number + one)
            assert events.flush(WAIT)

        in_step(3, 60, work)
    assert sorted(got) == sorted(1_000 * me + number for me in range(3) for number in range(600))


def test_an_event_that_is_emitted_while_the_worker_starts_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a finalizer would, or the handler of a signal: on the very thread that starts it."""
    got: List[str] = []
    courier = Courier("a", lambda event: got.append(event.name), batch=0, seconds=1, limit=10, tries=1)
    started: List[str] = []

    class Interrupted(threading.Thread):
        def start(self) -> None:
            started.append(self.name)
            courier.waiting.append(("second", {}, 0.0, None))
            courier.wake()
            super().start()

    monkeypatch.setattr(threading, "Thread", Interrupted)
    courier.waiting.append(("first", {}, 0.0, None))
    courier.wake()
    assert courier.flush(_event_courier.monotonic() + WAIT)
    assert (got, started) == (["first", "second"], ["outfall-events a"])
    courier.close()
