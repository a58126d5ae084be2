"""Handlers that fail, block, or lose their worker; batches; forks; the end of the process."""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable, Dict, Iterator, List

import pytest

from outfall_runtime import Event, emit, events
from outfall_runtime._events import courier

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
    monkeypatch.setattr(courier, "FIRST_PAUSE", 0.001)


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


# -- handlers that go


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
