"""Events: which are kept, who hears of them, and in which mode."""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, List

import pytest
from hypothesis import given, strategies as st

from outfall_runtime import Event, context, emit, events, flags, span, staged_emit, staged_span
from outfall_runtime import _event_policy, _event_window
from outfall_runtime._event import matches
from outfall_runtime._event_board import MOST_ROUTES, board
from outfall_runtime._event_window import Window


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


@pytest.fixture
def heard() -> List[Event]:
    """Every event of the test, in order, as it happens."""
    found: List[Event] = []
    events.attach("*", found.append, inline=True)
    return found


def counted(reason: str) -> int:
    return int(events.stats()[reason])


# -- what must not happen


def test_an_event_that_nobody_waits_for_is_no_error() -> None:
    assert emit("nobody.listens", a=1)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"batch": -1}, "batch=-1: expected 0 or more"),
        ({"limit": 0}, "limit=0: expected 1 or more"),
        ({"tries": 0}, "tries=0: expected 1 or more"),
        ({"seconds": 0}, "seconds=0: expected more than 0"),
        ({"batch": 5, "inline": True}, "needs inline=False"),
    ],
)
def test_a_handler_that_cannot_be_meant_is_refused(arguments: Dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        events.attach("*", print, **arguments)


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


def test_a_detached_handler_hears_nothing_more() -> None:
    found: List[Event] = []
    detach = events.attach("a", found.append, inline=True)
    emit("a")
    detach()
    emit("a")
    assert [one.name for one in found] == ["a"]


def test_names_made_up_at_run_time_do_not_fill_the_memory() -> None:
    for number in range(3 * MOST_ROUTES):
        emit(f"agent.{number}")
    assert len(board.routes) <= MOST_ROUTES


# -- patterns


@pytest.mark.parametrize(
    "pattern, name, expected",
    [
        ("agent", "agent.lost", False),
        ("agent.*", "agent", False),
        ("*.lost", "agent.lostness", False),
        ("ab*ba", "aba", False),
        ("a*b*b", "ab", False),
        ("", "agent", False),
        ("agent.lost", "agent.lost", True),
        ("agent.*", "agent.eu.lost", True),
        ("*.lost", "agent.lost", True),
        ("agent.*.lost", "agent.eu.lost", True),
        ("a*b*c", "a-b-b-c", True),
        ("*", "", True),
    ],
)
def test_patterns(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_means_what_the_shell_means(pattern: str, name: str) -> None:
    from fnmatch import fnmatchcase

    assert matches(pattern, name) is fnmatchcase(name, pattern)


# -- what a handler gets


def test_an_event_says_what_happened_when_and_in_which_span(heard: List[Event]) -> None:
    before = time.time()
    with span("request") as request:
        assert emit("agent.lost", agent="a-7")
    emit("outside")
    first, second = heard
    assert (first.name, dict(first.fields), first.span) == ("agent.lost", {"agent": "a-7"}, request.context)
    assert before - 1 <= first.time <= time.time() + 1
    assert (second.span, second.as_dict()["span_id"]) == (None, "")
    assert first.as_dict()["trace_id"] == request.context.trace_id


def test_a_span_that_nobody_hears_of_is_not_named(heard: List[Event]) -> None:
    with staged_span("quiet"):
        emit("a")
    assert heard[0].span is None


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


# -- modes


@pytest.mark.parametrize(
    "mode, result, names, shadowed",
    [("legacy", False, [], 0), ("shadow", False, [], 1), ("new", True, ["a"], 0), ("enforced", True, ["a"], 0)],
)
def test_what_a_staged_event_does_in_each_mode(
    mode: str, result: bool, names: List[str], shadowed: int, heard: List[Event]
) -> None:
    events.configure("a", key="x")
    flags.set("use_events", mode)
    before = counted("shadowed")
    assert [staged_emit("a", x=1), staged_emit("a", x=1)] == [result, False]
    assert ([one.name for one in heard], counted("shadowed") - before) == (names, shadowed)


def test_a_duplicate_in_shadow_is_one_in_new_too(heard: List[Event]) -> None:
    events.configure("a", key="x")
    flags.set("use_events", "shadow")
    staged_emit("a", x=1)
    flags.set("use_events", "new")
    assert not staged_emit("a", x=1)


def test_a_percentage_goes_by_the_contexts_key(heard: List[Event]) -> None:
    flags.set("use_events", "30%")
    staged_emit("without a key")
    for user in range(300):
        with context.use(rollout_key=f"user-{user}"):
            staged_emit("a")
    assert 55 < len(heard) < 125
    assert "without a key" not in {one.name for one in heard}


def test_events_go_on_while_handlers_and_policies_change() -> None:
    """No event is lost to a handler that is attached all the while."""
    got: List[Event] = []
    events.attach("steady", got.append, limit=100_000)
    over = threading.Event()
    failures: List[BaseException] = []

    def change() -> None:
        try:
            while not over.is_set():
                detach = events.attach("st*", lambda one: None)
                take_back = events.configure("ste*", sample=1)
                detach()
                take_back()
        except BaseException as error:
            failures.append(error)

    changer = threading.Thread(target=change)
    changer.start()
    for number in range(3_000):
        emit("steady", number=number)
    over.set()
    changer.join()
    assert events.flush(20)
    assert (failures, [one.fields["number"] for one in got]) == ([], list(range(3_000)))


