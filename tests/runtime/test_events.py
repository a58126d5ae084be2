"""Events: which are kept, who hears of them, and in which mode."""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime import Event, emit, events
from outfall_runtime._events import policy as _event_policy, window as _event_window
from outfall_runtime._events.window import Window


class Clock:
    """A monotonic clock that tests set."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> int:
        return int(self.seconds * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(_event_policy, "monotonic_ns", found)
    monkeypatch.setattr(_event_window, "monotonic_ns", found)
    return found


def counted(reason: str) -> int:
    return int(events.stats()[reason])


# -- what must not happen


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"sample": 1.5}, "sample=1.5: expected a share"),
        ({"window": 0}, "window=0: expected seconds"),
        ({"per_second": 0}, "per_second=0: expected a number above 0"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(arguments: Dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        events.configure("*", **arguments)


# -- duplicates


def test_without_a_key_nothing_is_a_duplicate(heard: List[Event]) -> None:
    events.configure("*", sample=1.0)
    assert [emit("a", x=1), emit("a", x=1)] == [True, True]


@pytest.mark.parametrize("pattern", ["agent.lost", "agent.*"])
def test_of_the_same_events_one_is_kept_in_a_window(pattern: str, clock: Clock, heard: List[Event]) -> None:
    events.configure(pattern, key="agent", window=60)
    assert [emit("agent.lost", agent=1, n=1), emit("agent.lost", agent=1, n=2), emit("agent.lost", agent=2)] == [
        True,
        False,
        True,
    ]
    clock.seconds += 59
    assert not emit("agent.lost", agent=1)
    clock.seconds += 2
    assert emit("agent.lost", agent=1)
    assert not emit("agent.lost", agent=1)
    assert (len(heard), counted("suppressed")) == (3, 3)


def test_events_of_different_names_are_not_the_same() -> None:
    events.configure("agent.*", key="agent")
    assert [emit("agent.lost", agent=1), emit("agent.found", agent=1)] == [True, True]


@pytest.mark.parametrize(
    "key, first, second, kept",
    [
        ("agent", {"agent": [1]}, {"agent": [1]}, False),
        ("agent", {"agent": [1]}, {"agent": [2]}, True),
        ("agent", {}, {}, False),
        ("agent", {}, {"agent": 1}, True),
        (("agent", "zone"), {"agent": 1, "zone": 1}, {"agent": 1, "zone": 2}, True),
        (("agent", "zone"), {"agent": 1, "zone": {}}, {"agent": 1, "zone": {}}, False),
        ((), {"agent": 1}, {"agent": 2}, False),
    ],
)
def test_keys(key: Any, first: Dict[str, Any], second: Dict[str, Any], kept: bool) -> None:
    events.configure("agent.lost", key=key)
    assert [emit("agent.lost", **first), emit("agent.lost", **second)] == [True, kept]


def test_of_many_threads_that_bring_a_key_at_once_one_is_first(clock: Clock) -> None:
    window = Window(60)
    for number in range(200):
        barrier = threading.Barrier(4)
        kept: List[bool] = []

        def bring(number: int = number // 2, barrier: threading.Barrier = barrier, kept: List[bool] = kept) -> None:
            barrier.wait()
            kept.append(window.is_first(number))

        clock.seconds += 31  # every key comes twice, the second time within its window or just after it
        threads = [threading.Thread(target=bring) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert kept.count(True) == (1 if number % 2 == 0 else 0)


def test_of_many_threads_that_bring_a_key_back_after_its_time_one_is_first(clock: Clock) -> None:
    window = Window(60)
    window.is_first("key")
    for _ in range(200):
        clock.seconds += 61
        barrier = threading.Barrier(4)
        kept: List[bool] = []

        def bring(barrier: threading.Barrier = barrier, kept: List[bool] = kept) -> None:
            barrier.wait()
            kept.append(window.is_first("key"))

        threads = [threading.Thread(target=bring) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert kept.count(True) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=60))
def test_a_window_is_exact_while_its_keys_fit(steps: List["tuple[int, int]"]) -> None:
    """Against a model: a key is first unless it was first less than 60 seconds ago."""
    clock = Clock()
    last: Dict[int, float] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_event_window, "monotonic_ns", clock)
        window = Window(60, most=100)
        for key, pause in steps:
            clock.seconds += pause
            expected = key not in last or clock.seconds - last[key] >= 60
            assert window.is_first(key) is expected
            if expected:
                last[key] = clock.seconds


def test_a_million_keys_take_no_more_memory_than_ten_thousand() -> None:
    import tracemalloc

    window = Window(3_600, most=2_000)
    for number in range(10_000):
        window.is_first(number)
    tracemalloc.start()
    for number in range(10_000, 15_000):
        window.is_first(number)
    before = tracemalloc.get_traced_memory()[0]
    for number in range(15_000, 200_000):
        window.is_first(number)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 300_000
    assert len(window.young) + len(window.old) <= 2_000
    assert window.forgotten.total() > 190_000


def test_keys_whose_time_is_over_do_not_stay(clock: Clock) -> None:
    window = Window(60)
    for number in range(100):
        window.is_first(number)
    for _ in range(2):
        clock.seconds += 61
        window.is_first("another")
        window.is_first(clock.seconds)
    assert len(window.young) + len(window.old) < 10
    assert window.forgotten.total() == 0


def test_a_wall_clock_that_is_set_back_changes_nothing(monkeypatch: pytest.MonkeyPatch, heard: List[Event]) -> None:
    events.configure("a", key="x", window=3_600, per_second=1_000)
    assert emit("a", x=1)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    monkeypatch.setattr(events, "time", lambda: 0.0)
    assert [emit("a", x=1), emit("a", x=2)] == [False, True]
    got: List[List[Event]] = []
    events.attach("b", got.append, batch=1_000, seconds=0.05)
    emit("b")
    deadline = time.monotonic() + 10
    while not got and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [one.name for batch in got for one in batch] == ["b"]


# -- sampling and rate


def test_sampling(heard: List[Event]) -> None:
    events.configure("never", sample=0)
    events.configure("some", sample=0.3)
    for _ in range(2_000):
        assert not emit("never")
        emit("some")
        assert emit("always")
    some = sum(one.name == "some" for one in heard)
    assert 450 < some < 750
    assert counted("sampled_out") == 2_000 + 2_000 - some


def test_what_is_sampled_out_is_not_remembered_as_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = _event_policy.Policy("a", "x", 60, 0.5, None)
    draws = iter([0.9, 0.1, 0.1])
    monkeypatch.setattr(policy, "_random", lambda: next(draws))
    assert [policy.keeps("a", {"x": 1}) for _ in range(3)] == [False, True, False]


def test_a_rate_holds_and_what_it_turns_away_is_not_remembered_as_seen(clock: Clock) -> None:
    events.configure("a", per_second=10, key="x", window=60)
    assert [emit("a", x=number) for number in range(12)] == [True] * 10 + [False] * 2
    clock.seconds += 0.11
    assert [emit("a", x=number) for number in (11, 10)] == [True, False]
    clock.seconds += 5
    assert sum(emit("a", x=number) for number in range(20, 50)) == 10
    assert counted("rate_limited") == 2 + 1 + 20


def test_less_than_one_a_second(clock: Clock) -> None:
    events.configure("a", per_second=0.1)
    kept = []
    for _ in range(40):
        kept.append(emit("a"))
        clock.seconds += 1
    assert [number for number, one in enumerate(kept) if one] == [0, 10, 20, 30]


# -- which policy


def test_the_most_specific_policy_counts_and_the_same_pattern_replaces(heard: List[Event]) -> None:
    events.configure("*", sample=0)
    events.configure("agent.*", sample=1)
    events.configure("agent.lost", sample=0)
    assert [emit("other"), emit("agent.found"), emit("agent.lost")] == [False, True, False]
    events.configure("agent.lost", sample=1)
    assert emit("agent.lost")


def test_a_policy_can_be_taken_back() -> None:
    take_back = events.configure("a", sample=0)
    assert not emit("a")
    take_back()
    assert emit("a")
