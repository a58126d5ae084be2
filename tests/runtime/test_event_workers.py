"""Workers of handlers that are killed, forked or at the end of their process: no event is lost."""

from __future__ import annotations

import ctypes
import sys
import threading
from typing import Any, Callable, List

import pytest

from outfall_runtime import Event, emit, events
from outfall_runtime._events import courier as _event_courier
from outfall_runtime._events.courier import Courier

Python = Callable[..., Any]
WAIT = 30.0  # seconds; a test that waits so long has failed


def numbers(got: List[Event]) -> List[int]:
    return [one.fields["number"] for one in got]


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


def test_a_worker_killed_at_any_instruction_loses_nothing(eager_switching: None) -> None:
    """At least once: an event may come twice, when the kill came between handler and bookkeeping."""
    got: List[int] = []
    events.attach("storm", lambda batch: got.extend(numbers(batch)), batch=3, seconds=0.001)
    for number in range(600):
        emit("storm", number=number)
        if number % 3 == 1:
            kill("storm")
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
if child == 0:
    gate, entered = threading.Event(), threading.Event()  # the worker may have held the locks of the others
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
from outfall_runtime import emit, events
from outfall_runtime._events import board as _event_board
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
