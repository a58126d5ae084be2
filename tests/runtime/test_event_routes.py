"""Who hears of which event, what a handler gets, and what a staged event does in each mode."""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime import Event, context, emit, events, flags, span, staged_emit, staged_span
from outfall_runtime._events.event import matches
from outfall_runtime._events.board import MOST_ROUTES, board


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


@pytest.mark.parametrize(
    "mode, result, names, shadowed",
    [("legacy", False, [], 0), ("shadow", False, [], 1), ("new", True, ["a"], 0), ("enforced", True, ["a"], 0)],
)
def test_what_a_staged_event_does_in_each_mode(
    mode: str, result: bool, names: List[str], shadowed: int, heard: List[Event]
) -> None:
    events.configure("a", key="x")
    flags.set("use_events", mode)
    before = events.stats()["shadowed"]
    assert [staged_emit("a", x=1), staged_emit("a", x=1)] == [result, False]
    assert ([one.name for one in heard], events.stats()["shadowed"] - before) == (names, shadowed)


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
