"""Staged spans: each mode, pinned at the root, beside plain ones."""

from __future__ import annotations

import contextvars
import gc
from typing import Callable, Iterator, List

import pytest

from outfall_runtime import Span, SpanContext, context, flags, span, spans, staged_span

Begin = Callable[[str], Span]


@pytest.fixture
def finished() -> Iterator[List[Span]]:
    ended: List[Span] = []
    stop = spans.on_end(ended.append)
    yield ended
    stop()


def names(finished: List[Span]) -> List[str]:
    return [one.name for one in finished]


def ended() -> int:
    return spans.stats()["ended"]


@pytest.mark.parametrize("mode, recorded, heard", [("legacy", 0, 0), ("shadow", 1, 0), ("new", 1, 1), ("enforced", 1, 1)])
def test_what_a_staged_span_does_in_each_mode(mode: str, recorded: int, heard: int, finished: List[Span]) -> None:
    flags.set("use_spans", mode)
    before, headers = ended(), {}  # type: int, Dict[str, str]
    with staged_span("work", region="eu") as work:
        assert (spans.current() is work) == bool(heard)
        assert len(spans.open_spans()) == recorded
        spans.inject(headers)
    assert (ended() - before, names(finished), bool(headers)) == (recorded, ["work"] * heard, bool(heard))


@pytest.mark.parametrize("mode", flags.MODES)
def test_an_error_passes_through_in_every_mode(mode: str) -> None:
    flags.set("use_spans", mode)
    with pytest.raises(ValueError), staged_span("work") as work:
        work.set(a=1).event("e")
        raise ValueError
    assert (work.closed, work.name) == (True, "work")


@pytest.mark.parametrize("before, after, expected", [("legacy", "new", []), ("new", "legacy", ["inner", "outer"])])
def test_a_trace_stays_to_its_end_what_it_was_at_its_root(
    before: str, after: str, expected: List[str], finished: List[Span]
) -> None:
    flags.set("use_spans", before)
    with staged_span("outer"):
        flags.set("use_spans", after)
        with staged_span("inner"):
            pass
    assert names(finished) == expected


def test_a_plain_span_is_handed_on_whatever_the_flag_says(finished: List[Span]) -> None:
    with span("request") as request, staged_span("layer") as layer, span("query") as query:
        assert spans.current() is query
        assert layer.context.trace_id == request.context.trace_id
    assert names(finished) == ["query", "request"]
    assert query.parent_id == request.context.span_id


def test_a_plain_span_in_a_quiet_one_begins_a_trace(finished: List[Span]) -> None:
    flags.set("use_spans", "shadow")
    with staged_span("outer") as outer, span("inner") as inner:
        pass
    assert (names(finished), inner.parent_id) == (["inner"], "")
    assert inner.context.trace_id != outer.context.trace_id


def test_a_percentage_goes_by_the_contexts_key_for_whole_traces(finished: List[Span]) -> None:
    flags.set("use_spans", "30%")
    for user in range(400):
        with context.use(rollout_key=f"user-{user}"), staged_span("outer"), staged_span("inner"):
            pass
    outer, inner = names(finished).count("outer"), names(finished).count("inner")
    assert outer == inner
    assert 80 < outer < 160
    del finished[:]
    for user in range(400):
        with context.use(rollout_key=f"user-{user}"), staged_span("outer"):
            pass
    assert len(finished) == outer


def test_without_a_key_a_percentage_goes_by_the_trace_so_that_every_process_agrees(finished: List[Span]) -> None:
    flags.set("use_spans", "50%")
    places = [SpanContext(f"{number:032x}", "1" * 16) for number in range(1, 200)]
    for place in places * 2:
        with staged_span(place.trace_id, parent=place):
            pass
    assert 50 < len(finished) / 2 < 150
    assert all(names(finished).count(name) == 2 for name in names(finished))


def test_a_staged_span_without_a_block_leaks_in_shadow_and_not_in_legacy() -> None:
    for mode, expected in (("legacy", 0), ("shadow", 1)):
        flags.set("use_spans", mode)
        before = spans.stats()["leaked"]
        contextvars.copy_context().run(lambda: staged_span("leaky").begin() and None)
        gc.collect()
        assert spans.stats()["leaked"] - before == expected


def test_staged_functions_follow_the_flag_at_each_call(finished: List[Span]) -> None:
    @staged_span("work")
    def work() -> int:
        return 1

    assert work() == 1
    flags.enable("use_spans")
    assert work() == 1
    assert names(finished) == ["work"]
