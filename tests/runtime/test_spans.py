"""Spans: ends in any order, parents across tasks and threads, errors, leaks, limits, headers."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, Callable, List, Optional

import pytest

from outfall_runtime import Span, SpanContext, flags, span, spans

Python = Callable[..., Any]


def name_of(one: Optional[Span]) -> str:
    return "" if one is None else one.name


def here() -> str:
    return name_of(spans.current())


# -- what must not happen


def test_nothing_is_current_outside() -> None:
    assert spans.current() is None


def test_a_span_begins_once() -> None:
    one = span("once")
    with one:
        pass
    with pytest.raises(RuntimeError, match="span 'once' has begun before"):
        one.begin()


@pytest.mark.parametrize("wrong", ["00-abc", 7, object()])
def test_a_parent_that_is_no_place_in_a_trace_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected a span or a SpanContext"):
        span("child", parent=wrong)
    with pytest.raises(TypeError, match="expected a span or a SpanContext"):
        span("child", links=[wrong])


def test_a_parent_that_has_not_begun_is_refused() -> None:
    with pytest.raises(RuntimeError, match="span 'later' has not begun"):
        span("child", parent=span("later"))


def test_ending_a_span_ends_that_one_and_no_other(finished: List[Span]) -> None:
    outer, middle, inner = span("outer").begin(), span("middle").begin(), span("inner").begin()
    middle.end()
    assert (here(), [one.name for one in finished]) == ("inner", ["middle"])
    outer.end()
    assert here() == "inner"
    inner.end()
    assert here() == ""
    assert [one.name for one in finished] == ["middle", "outer", "inner"]


def test_a_second_end_does_nothing(finished: List[Span]) -> None:
    with span("outer"):
        inner = span("inner").begin()
        inner.end()
        inner.end()
        assert (here(), len(finished)) == ("outer", 1)


def test_what_is_said_after_the_end_does_not_count() -> None:
    with span("done") as done:
        pass
    done.set(a=1).event("late").link(done).fail("late")
    assert (dict(done.attributes), done.events, done.links, done.status) == ({}, (), (), spans.UNSET)


def test_two_threads_that_end_one_span_end_it_once(finished: List[Span]) -> None:
    for _ in range(300):
        one = span("shared").begin()
        barrier = threading.Barrier(2)

        def end(one: Span = one, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            one.end()

        threads = [threading.Thread(target=end) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(finished) == 300
    assert spans.stats()["open"] == 0


# -- errors and status


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_error_is_recorded_where_it_was_raised_and_goes_on() -> None:
    with pytest.raises(ValueError, match="no rows"):
        with span("load") as load:
            raise ValueError("no rows")
    [event] = load.events
    assert (load.status, load.message) == (spans.ERROR, "ValueError: no rows")
    assert (event.name, event.fields["type"], event.fields["message"]) == ("exception", "builtins.ValueError", "no rows")
    assert event.fields["where"].rpartition(":")[0].endswith("test_spans.py")


def test_an_error_without_text_does_no_harm() -> None:
    with pytest.raises(Unprintable):
        with span("load") as load:
            raise Unprintable
    assert load.message == "Unprintable: <no text>"


def test_ok_is_final_and_fail_needs_no_exception() -> None:
    with pytest.raises(ValueError), span("load") as fine:
        fine.ok()
        raise ValueError
    with span("load") as bad:
        bad.fail("no quorum")
    assert [(one.status, one.message) for one in (fine, bad)] == [(spans.OK, ""), (spans.ERROR, "no quorum")]


def test_a_cancelled_task_has_not_failed(finished: List[Span]) -> None:
    async def main() -> None:
        async def wait() -> None:
            with span("wait"):
                await asyncio.sleep(60)

        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [(one.status, one.events[0].name) for one in finished] == [(spans.UNSET, "cancelled")]


# -- time


def test_a_clock_that_is_set_back_changes_neither_length_nor_order(monkeypatch: pytest.MonkeyPatch) -> None:
    with span("outer") as outer:
        back = time.time_ns() - 3_600 * 10**9
        monkeypatch.setattr(time, "time_ns", lambda: back)
        monkeypatch.setattr(time, "time", lambda: back / 1e9)
        with span("inner") as inner:
            inner.event("now")
    assert 0 <= inner.seconds <= outer.seconds < 60
    assert outer.began <= inner.began <= inner.events[0].time <= outer.began + outer.seconds + 1e-3


def test_a_new_clock_counts_for_traces_that_nobody_has_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    with span("asked") as asked, span("part of it") as part:
        before = asked.began
    with span("here") as here, span("from there", parent=SpanContext("1" * 32, "2" * 16)) as remote:
        pass
    moved = time.time_ns() + 3_600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: moved)
    assert asked.began == before
    assert 0 <= part.began - before < 60
    for other in (here, remote):
        assert abs(other.began - moved / 1e9) < 1


# -- listeners


def test_a_failing_listener_harms_neither_the_others_nor_the_work(
    finished: List[Span], caplog: pytest.LogCaptureFixture
) -> None:
    class Worse(BaseException):
        pass

    def bad(one: Span) -> None:
        raise Worse

    stop = spans.on_end(bad)
    last: List[Span] = []
    stop_last = spans.on_end(last.append)
    failures = spans.stats()["listener_failures"]
    with span("a"), span("b"):
        pass
    stop()
    stop_last()
    assert [one.name for one in finished] == [one.name for one in last] == ["b", "a"]
    assert spans.stats()["listener_failures"] == failures + 2
    assert caplog.text.count("failed on a finished span") <= 1


def test_a_listener_that_hears_twice_and_fails_is_called_twice(finished: List[Span]) -> None:
    heard: List[str] = []

    def listener(one: Span) -> None:
        heard.append(one.name)
        raise ValueError

    ends = [spans.on_end(listener), spans.on_end(listener), spans.on_end(lambda one: heard.append("last"))]
    with span("a"):
        pass
    ends[0]()
    with span("b"):
        pass
    for end in ends:
        end()
    assert heard == ["a", "a", "last", "b", "last"]


def test_a_listener_that_leaves_and_fails_keeps_nobody_from_hearing(finished: List[Span]) -> None:
    ends: List[Callable[[], None]] = []

    def leaving(one: Span) -> None:
        ends[0]()
        raise ValueError

    heard: List[str] = []
    ends += [spans.on_end(leaving), spans.on_end(lambda one: heard.append(one.name))]
    with span("a"):
        pass
    with span("b"):
        pass
    ends[1]()
    assert heard == ["a", "b"]


def test_an_interruption_goes_on_after_all_listeners_heard(finished: List[Span]) -> None:
    def interrupted(one: Span) -> None:
        raise KeyboardInterrupt

    stop = spans.on_end(interrupted)
    last: List[Span] = []
    stop_last = spans.on_end(last.append)
    with pytest.raises(KeyboardInterrupt), span("a"):
        pass
    stop()
    stop_last()
    assert [one.name for one in last] == ["a"]


def test_a_finished_span_is_plain_to_read(finished: List[Span]) -> None:
    far = SpanContext("1" * 32, "2" * 16)
    with span("outer", links=[far], region="eu") as outer:
        outer.set(rows=3).event("read", file="a")
    [document] = [one.as_dict() for one in finished]
    assert document["attributes"] == {"region": "eu", "rows": 3}
    assert document["links"] == [f"00-{'1' * 32}-{'2' * 16}-01"]
    assert (document["name"], document["status"], document["parent_id"]) == ("outer", "unset", "")
    assert [(one["name"], one["fields"]) for one in document["events"]] == [("read", {"file": "a"})]
    assert document["where"].rpartition("/")[2].startswith("test_spans.py:")
    assert document["seconds"] == outer.seconds


# -- flags


def test_all_spans_of_a_trace_see_the_flags_of_its_root() -> None:
    flags.declare("test_spans_flag")
    with span("root") as root:
        flags.enable("test_spans_flag")
        with span("inner") as inner:
            assert (root.enabled("test_spans_flag"), inner.enabled("test_spans_flag")) == (False, False)
    with span("root") as root:
        assert root.enabled("test_spans_flag")
