"""Spans that several threads end, or tell something, at the same instant."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import Span, context, flags, span, spans, staged_span
from outfall_runtime._common.tallies import Count
from outfall_runtime._spans import book as _span_book
from outfall_runtime._spans.facts import MOST

InStep = Callable[..., None]
ROUNDS = 300


@pytest.fixture
def shared() -> Dict[int, Span]:
    """A span for each round, begun."""
    return {number: span(f"shared {number}").begin() for number in range(ROUNDS)}


def test_one_of_many_threads_ends_a_span_and_listeners_hear_of_it_once(
    in_step: InStep, shared: Dict[int, Span], finished: List[Span]
) -> None:
    before = spans.stats()
    in_step(3, ROUNDS, lambda me, number: shared[number].end())
    after = spans.stats()
    assert sorted(one.name for one in finished) == sorted(one.name for one in shared.values())
    assert [after[count] - before[count] for count in ("open", "ended")] == [-ROUNDS, ROUNDS]


def test_nothing_is_lost_that_many_threads_tell_a_span(in_step: InStep, shared: Dict[int, Span]) -> None:
    place = span("place").begin()

    def tell(me: int, number: int) -> None:
        shared[number].event(f"event of {me}").link(place).set(**{f"attribute of {me}": 1})

    in_step(3, ROUNDS, tell)
    for one in shared.values():
        assert sorted(event.name for event in one.events) == ["event of 0", "event of 1", "event of 2"]
        assert (len(one.links), len(one.attributes), one.dropped) == (3, 3, 0)
        one.end()
    place.end()


def test_what_is_too_much_is_counted(in_step: InStep) -> None:
    one = span("too much").begin()
    for number in range(MOST):
        one.event("before").link(one).set(**{f"attribute {number}": number})
    in_step(3, ROUNDS, lambda me, number: one.event("late").link(one).set(**{f"late {me} {number}": 1}))
    assert one.dropped == 3 * 3 * ROUNDS
    one.end()


def test_an_error_counts_once_and_a_work_that_went_well_stays_so(in_step: InStep, shared: Dict[int, Span]) -> None:
    before = spans.stats()["errors"]
    in_step(3, ROUNDS, lambda me, number: shared[number].fail(f"failure {me}"))
    assert spans.stats()["errors"] - before == ROUNDS
    in_step(3, ROUNDS, lambda me, number: shared[number].fail("again") if me else shared[number].ok())
    assert {(one.status, one.message) for one in shared.values()} == {(spans.OK, "")}
    for one in shared.values():
        one.end()


def test_the_moments_of_a_trace_have_one_offset(in_step: InStep, shared: Dict[int, Span]) -> None:
    began: Dict[int, List[float]] = {number: [] for number in shared}
    in_step(3, ROUNDS, lambda me, number: began[number].append(shared[number].began))
    for number, one in shared.items():
        assert began[number] == [one.began] * 3
        one.end()


def test_a_trace_decides_once_whichever_thread_asks_first(in_step: InStep, shared: Dict[int, Span]) -> None:
    flags.set("use_spans", "50%")
    quiet: Dict[int, List[bool]] = {number: [] for number in shared}
    started = {number: span("root").begin() for number in shared}

    def ask(me: int, number: int) -> None:
        with context.use(rollout_key=f"{me} {number}"), staged_span("staged", parent=started[number]) as one:
            quiet[number].append(one.quiet)

    in_step(3, ROUNDS, ask)
    assert [len(set(answers)) for answers in quiet.values()] == [1] * ROUNDS
    for one in (*started.values(), *shared.values()):
        one.end()


def test_a_leak_is_said_once_for_each_place(in_step: InStep, caplog: pytest.LogCaptureFixture) -> None:
    book = _span_book.SpanBook()

    def report(me: int, number: int) -> None:
        book.unreported.append(_span_book.Leak("leaked", f"place {number}", 0.0, "", f"{me}"))
        book.report()

    in_step(3, ROUNDS, report)
    assert caplog.text.count("was never ended") == ROUNDS


@pytest.mark.parametrize("count", ["failures", "unwatched"])
def test_that_something_went_wrong_first_is_said_once(
    count: str, in_step: InStep, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(one: Span) -> None:
        raise ValueError

    book = _span_book.book
    counts = [Count() for _ in range(100)]
    if count == "unwatched":
        monkeypatch.setattr(book, "limit", 0)
    stop = spans.on_end(fail) if count == "failures" else lambda: None
    monkeypatch.setattr(book, count, counts[0])

    def begin(me: int, number: int) -> None:
        with span("one"):
            pass

    in_step(3, 100, begin, lambda number: setattr(book, count, counts[number]))
    stop()
    assert [one.total() for one in counts] == [3] * 100
    assert sum(record.levelname == "WARNING" for record in caplog.records) == 100


def test_open_spans_can_be_looked_at_while_they_come_and_go(in_step: InStep) -> None:
    seen: List[Any] = []

    def work(me: int, number: int) -> None:
        if me == 0:
            seen.append((spans.open_spans(), spans.stats()["open"]))
            return
        for _ in range(10):
            with span("outer"), span("inner"):
                span("held").begin().end()

    before = spans.stats()["open"]
    in_step(3, 50, work)
    assert len(seen) == 50
    assert spans.stats()["open"] == before
