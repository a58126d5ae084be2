"""Handlers that fail, block, or lose their worker; batches; forks; the end of the process."""

from __future__ import annotations

import ctypes
import sys
import threading
from typing import Any, Callable, Dict, Iterator, List

import pytest

from outfall_runtime import Event, emit, events
from outfall_runtime import _event_courier
from outfall_runtime._event_courier import Courier

Python = Callable[..., Any]
WAIT = 30.0  # seconds; a test that waits so long has failed


class Worse(BaseException):
    """What `except Exception` lets through."""


class Gate:
    """A handler that blocks until it is opened, and says when it is called."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.got: List[Any] = []

    def __call__(self, unit: Any) -> None:
        self.entered.set()
        assert self.opened.wait(WAIT)
        self.got.append(unit)


@pytest.fixture
def gate() -> Iterator[Gate]:
    found = Gate()
    yield found
    found.opened.set()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_event_courier, "FIRST_PAUSE", 0.001)


def numbers(got: List[Event]) -> List[int]:
    return [one.fields["number"] for one in got]


def stats_of(pattern: str) -> Dict[str, Any]:
    [found] = [one for one in events.stats()["handlers"] if one["pattern"] == pattern]
    return dict(found)


# -- handlers that fail


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("kind", [ValueError, Worse, GeneratorExit])
def test_a_failing_handler_harms_nobody_and_is_reported(
    kind: Any, inline: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def bad(one: Event) -> None:
        raise kind("no")

    before, after = [], []  # type: List[Event], List[Event]
    events.attach("a", before.append, inline=inline)
    events.attach("a*", bad, inline=inline)
    events.attach("*", after.append, inline=inline)
    for number in range(3):
        assert emit("a", number=number)
    assert events.flush(WAIT)
    assert numbers(before) == numbers(after) == [0, 1, 2]
    found = stats_of("a*")
    assert (found["delivered"], found["failed"], found["waiting"]) == (0, 3, 0)
    assert caplog.text.count("failed; trying again") == 1
    assert kind.__name__ in caplog.text


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_an_interruption_of_the_main_thread_goes_on_after_all_had_the_event(kind: Any) -> None:
    def interrupted(one: Event) -> None:
        raise kind

    after: List[Event] = []
    events.attach("a", interrupted, inline=True, tries=1)
    events.attach("*", after.append, inline=True)
    with pytest.raises(kind):
        emit("a", number=1)
    assert numbers(after) == [1]


def test_a_handler_that_exits_does_not_end_the_thread_that_emits() -> None:
    def leave(one: Event) -> None:
        sys.exit(1)

    events.attach("a", leave, inline=True)
    survived: List[bool] = []
    thread = threading.Thread(target=lambda: survived.append(emit("a")))
    thread.start()
    thread.join(WAIT)
    assert survived == [True]


@pytest.mark.parametrize("batch", [0, 2])
def test_what_a_handler_failed_on_it_gets_again(batch: int, caplog: pytest.LogCaptureFixture) -> None:
    got: List[Event] = []
    calls: List[Any] = []

    def sometimes(unit: Any) -> None:
        calls.append(unit)
        if len(calls) % 2:
            raise Worse
        got.extend(unit if batch else [unit])

    handlers: Any = {"batch": batch} if batch else {}
    events.attach("a", sometimes, **handlers)
    for number in range(4):
        emit("a", number=number)
    assert events.flush(WAIT)
    assert numbers(got) == [0, 1, 2, 3]
    found = stats_of("a")
    assert (found["delivered"], found["failed"], found["retried"]) == (4, 0, len(calls) // 2)
    assert "works again" in caplog.text


def test_what_fails_again_and_again_is_given_up_and_counted() -> None:
    calls: List[int] = []

    def bad(batch: List[Event]) -> None:
        calls.append(len(batch))
        raise ValueError

    events.attach("a", bad, batch=10, tries=4)
    for number in range(10):
        emit("a", number=number)
    assert events.flush(WAIT)
    assert (calls, stats_of("a")["failed"]) == ([10] * 4, 10)


def test_a_handler_that_changes_its_batch_gets_it_whole_again() -> None:
    got: List[List[int]] = []

    def greedy(batch: List[Event]) -> None:
        got.append(numbers(batch))
        batch.clear()
        if len(got) == 1:
            raise ValueError

    events.attach("a", greedy, batch=2)
    emit("a", number=1)
    emit("a", number=2)
    assert events.flush(WAIT)
    assert got == [[1, 2], [1, 2]]


# -- handlers that block


def test_a_blocking_handler_holds_up_neither_emitters_nor_other_handlers(gate: Gate) -> None:
    others: List[Event] = []
    events.attach("*", gate)
    events.attach("a", others.append)
    emit("a", number=0)
    assert gate.entered.wait(WAIT)
    for number in range(1, 100):
        emit("a", number=number)
    while len(others) < 100:
        assert not events.flush(0.01)
    assert numbers(others) == list(range(100))
    found = stats_of("*")
    assert (found["delivered"], found["waiting"]) == (0, 100)
    assert found["lag"] > 0
    gate.opened.set()
    assert events.flush(WAIT)
    assert numbers(gate.got) == list(range(100))


def test_what_does_not_fit_is_dropped_and_counted(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    events.attach("a", gate, limit=10)
    emit("a", number=-1)
    assert gate.entered.wait(WAIT)
    for number in range(25):
        emit("a", number=number)
    assert stats_of("a")["dropped"] == 15
    gate.opened.set()
    assert events.flush(WAIT)
    assert numbers(gate.got) == [-1, *range(10)]
    assert caplog.text.count("new ones are dropped") == 1


def test_nothing_is_lost_between_many_emitters_and_a_handler() -> None:
    """Offered = delivered + dropped, for every handler, whatever the interleaving."""
    got: List[Event] = []
    events.attach("a", got.extend, batch=7, limit=100, seconds=0.01)

    def emitter(me: int) -> None:
        for number in range(2_000):
            emit("a", number=(me, number))

    threads = [threading.Thread(target=emitter, args=(me,)) for me in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert events.flush(WAIT)
    found = stats_of("a")
    assert found["delivered"] + found["dropped"] == 8_000
    assert found["delivered"] == len(got) == len({one.fields["number"] for one in got})
    for me in range(4):
        mine = [number for who, number in numbers(got) if who == me]  # type: ignore[misc]
        assert mine == sorted(mine)


# -- batches


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


def test_a_detached_handler_gets_what_waited_for_it(gate: Gate) -> None:
    detach = events.attach("a", gate)
    emit("a", number=0)
    assert gate.entered.wait(WAIT)
    emit("a", number=1)
    detach()
    emit("a", number=2)
    gate.opened.set()
    assert events.flush(WAIT)
    assert numbers(gate.got) == [0, 1]


def test_a_worker_ends_with_its_handler() -> None:
    detach = events.attach("ending", lambda one: None)
    emit("ending")
    assert events.flush(WAIT)
    [worker] = [thread for thread in threading.enumerate() if thread.name == "outfall-events ending"]
    detach()
    worker.join(WAIT)
    assert not worker.is_alive()


def test_a_handler_that_flushes_does_not_wait_for_itself() -> None:
    answers: List[bool] = []
    events.attach("a", lambda one: answers.append(events.flush(WAIT)))
    emit("a")
    assert events.flush(WAIT)
    assert answers == [False]


# -- workers that are killed


def kill(pattern: str) -> None:
    """Raise SystemExit in the worker at its next instruction, if it is at work, and not reporting the last one."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10)  # so that it stays where it is seen
    try:
        for thread in threading.enumerate():
            doing = functions_of(thread)
            if thread.name == f"outfall-events {pattern}" and "_work" in doing and "warn" not in doing:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
    finally:
        sys.setswitchinterval(interval)


def functions_of(thread: threading.Thread) -> List[str]:
    found, frame = [], sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing() -> None:
    got: List[int] = []
    entered = threading.Event()

    def slow(batch: List[Event]) -> None:
        first = not entered.is_set()
        entered.set()
        while first:  # until it is killed
            pass
        got.extend(numbers(batch))

    events.attach("killed", slow, batch=5, seconds=0.01)
    for number in range(10):
        emit("killed", number=number)
    assert entered.wait(WAIT)
    kill("killed")
    assert events.flush(WAIT)
    assert got == list(range(10))


def test_a_worker_killed_at_any_instruction_loses_nothing() -> None:
    """At least once: an event may come twice, when the kill came between handler and bookkeeping."""
    got: List[int] = []
    events.attach("storm", lambda batch: got.extend(numbers(batch)), batch=3, seconds=0.001)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for number in range(600):
            emit("storm", number=number)
            if number % 3 == 1:
                kill("storm")
    finally:
        sys.setswitchinterval(interval)
    assert events.flush(WAIT)
    assert sorted(set(got)) == list(range(600))
    assert len(got) < 1_200


def test_a_worker_that_is_gone_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    got: List[Event] = []
    courier = Courier("gone", got.append, batch=0, seconds=1, limit=10, tries=1)
    ended = threading.Thread(target=lambda: None)
    ended.start()
    ended.join()
    courier._thread = ended
    courier.waiting.append(("gone", {"number": 1}, 0.0, None))
    courier.wake()
    assert courier.flush(_event_courier.monotonic() + WAIT)
    assert numbers(got) == [1]
    courier.close()


def test_where_no_thread_can_be_started_a_flush_delivers_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    got: List[Event] = []
    events.attach("a", got.append)
    for number in range(200):
        emit("a", number=number)
    assert events.flush(WAIT)
    assert numbers(got) == list(range(200))


# -- processes


FORK = """
import os, threading, warnings
from outfall_runtime import emit, events
warnings.simplefilter("ignore")  # 3.12 and later: of forks beside threads
mine, gate, entered = [], threading.Event(), threading.Event()
def handler(batch):
    entered.set()
    gate.wait(20)
    mine.extend(one.fields["number"] for one in batch)
events.attach("a", handler, batch=2, seconds=0.01)
events.configure("b", key="number")
for number in range(5):
    emit("a", number=number)
entered.wait(20)
child = os.fork()
gate.set()
if child == 0:
    code = 3
    try:
        emit("a", number=100)
        assert events.flush(20)
        assert mine == [100], mine
        [found] = events.stats()["handlers"]
        assert (found["delivered"], found["waiting"]) == (1, 0), found
        assert emit("b", number=1) and not emit("b", number=1)
        code = 0
    finally:
        os._exit(code)
_, status = os.waitpid(child, 0)
emit("a", number=5)
assert events.flush(20)
assert status == 0, status
assert mine == [0, 1, 2, 3, 4, 5], mine
print("survived")
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_forked_child_delivers_its_own_events_and_the_parent_the_parents(python: Python) -> None:
    done = python(FORK)
    assert (done.stdout, done.stderr, done.returncode) == ("survived\n", "", 0)


AT_EXIT = """
from outfall_runtime import emit, events
events.attach("a", lambda batch: print(len(batch), flush=True), batch=1000, seconds=3600)
for number in range(1500):
    emit("a", number=number)
"""


def test_what_waits_at_exit_is_delivered(python: Python) -> None:
    done = python(AT_EXIT)
    assert (sum(map(int, done.stdout.split())), done.stderr, done.returncode) == (1500, "", 0)


BLOCKED_AT_EXIT = """
import threading
from outfall_runtime import emit, events, _event_board
_event_board.SECONDS_AT_EXIT = 0.2
entered = threading.Event()
def block(one):
    entered.set()
    threading.Event().wait()
events.attach("a", block)
emit("a")
emit("a")
entered.wait()
"""


def test_a_handler_that_blocks_at_exit_is_named_and_does_not_hold_up_the_end(python: Python) -> None:
    done = python(BLOCKED_AT_EXIT)
    assert done.returncode == 0
    assert "2 events for handler 'block' of 'a' are lost: it did not take them within 0.2 s" in done.stderr


STARTS_NOTHING = """
import threading
from outfall_runtime import emit, events
events.attach("a", print)
print(threading.active_count())
"""


def test_nothing_is_started_before_the_first_event(python: Python) -> None:
    assert python(STARTS_NOTHING).stdout == "1\n"
