"""Spans: ends in any order, parents across tasks and threads, errors, leaks, limits, headers."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import sys
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
from hypothesis import given, strategies as st

from outfall_runtime import ContextExecutor, Span, SpanContext, context, flags, span, spans

Python = Callable[..., Any]


@pytest.fixture
def finished() -> Iterator[List[Span]]:
    """Every span that ends during the test."""
    ended: List[Span] = []
    stop = spans.on_end(ended.append)
    yield ended
    stop()


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


# -- the law: the current span is the innermost open one, whatever ended before


@given(st.lists(st.integers(0, 7), max_size=40))
def test_the_current_span_is_the_innermost_open_one(steps: List[int]) -> None:
    """Each step ends the open span of that number, counted from the outermost, or begins one."""

    def run() -> None:
        model: List[Span] = []
        for step in steps:
            if step < len(model):
                model.pop(step).end()
            else:
                parent = model[-1] if model else None
                model.append(span(f"s{step}").begin())
                assert model[-1].parent_id == ("" if parent is None else parent.context.span_id)
            assert spans.current() is (model[-1] if model else None)
        while model:
            model.pop(0).end()
        assert spans.current() is None

    contextvars.copy_context().run(run)


def chain_length() -> int:
    length, one = 0, spans.current()
    while one is not None:
        length, one = length + 1, one._outer
    return length


def test_a_rolling_window_of_spans_keeps_the_chain_short() -> None:
    window = [span("first").begin()]
    for number in range(1000):
        window.append(span(f"s{number}").begin())
        window.pop(0).end()
    assert (chain_length(), here()) == (1, "s999")
    window.pop().end()


def test_a_job_that_starts_its_successor_keeps_the_chain_short() -> None:
    async def main() -> int:
        done: "asyncio.Future[int]" = asyncio.get_running_loop().create_future()
        tasks = []

        async def job(left: int) -> None:
            with span("job"):
                if left:
                    tasks.append(asyncio.ensure_future(job(left - 1)))
                else:
                    done.set_result(chain_length())

        tasks.append(asyncio.ensure_future(job(200)))
        return await done

    assert asyncio.run(main()) <= 2


# -- generators, tasks, threads, other contexts


def held(name: str) -> Iterator[str]:
    with span(name):
        yield here()


def test_interleaved_generators_neither_leak_nor_resurrect() -> None:
    first, second = held("first"), held("second")
    next(first)
    next(second)
    first.close()  # type: ignore[attr-defined]
    assert here() == "second"
    second.close()  # type: ignore[attr-defined]
    assert here() == ""


def test_an_abandoned_generator_ends_its_span_without_an_error(finished: List[Span]) -> None:
    generator = held("abandoned")
    next(generator)
    del generator
    gc.collect()
    assert (here(), [(one.name, one.status) for one in finished]) == ("", [("abandoned", spans.UNSET)])


def test_a_span_ended_in_another_context_is_over_where_it_began() -> None:
    begun: List[Span] = []
    mine = contextvars.copy_context()
    mine.run(lambda: begun.append(span("begun here").begin()))
    assert mine.run(here) == "begun here"
    contextvars.copy_context().run(begun[0].end)
    assert mine.run(here) == ""
    with_parent: Any = mine.run(lambda: held("next").__next__())
    assert with_parent == "next"


def test_a_worker_thread_does_not_stay_in_a_trace_that_another_thread_ended(in_thread: Callable[..., Any]) -> None:
    def work() -> str:
        one = span("request").begin()
        ending = threading.Thread(target=one.end)
        ending.start()
        ending.join()
        with span("next request") as after:
            return after.parent_id

    assert in_thread(work) == ""


def test_a_task_is_part_of_the_span_it_was_started_in_even_when_that_is_over(finished: List[Span]) -> None:
    async def background(go_on: asyncio.Event) -> None:
        await go_on.wait()
        with span("background"):
            pass
        with span("background again"):
            pass

    async def main() -> None:
        go_on = asyncio.Event()
        with span("request"):
            task = asyncio.ensure_future(background(go_on))
            await asyncio.sleep(0)
        go_on.set()
        await task
        with span("unrelated"):
            pass

    asyncio.run(main())
    parents = {one.name: one.parent_id for one in finished}
    ids = {one.name: one.context.span_id for one in finished}
    assert parents["background"] == parents["background again"] == ids["request"]
    assert (parents["request"], parents["unrelated"]) == ("", "")


def test_concurrent_tasks_do_not_see_each_others_spans(finished: List[Span]) -> None:
    async def request(number: int) -> None:
        with span(f"request {number}"):
            await asyncio.sleep(0)
            with span(f"query {number}"):
                await asyncio.sleep(0)

    async def main() -> None:
        with span("main"):
            await asyncio.gather(*(request(number) for number in range(20)))

    asyncio.run(main())
    by_id = {one.context.span_id: one.name for one in finished}
    for one in finished:
        kind, _, number = one.name.partition(" ")
        expected = {"main": "", "request": "main", "query": f"request {number}"}[kind]
        assert by_id.get(one.parent_id, "") == expected
    assert len({one.context.trace_id for one in finished}) == 1


def test_threads_are_part_of_a_span_only_where_it_is_carried() -> None:
    def parent() -> str:
        with span("work") as work:
            return work.parent_id

    with span("outer") as outer, ContextExecutor(1) as carrying:
        assert carrying.submit(parent).result() == outer.context.span_id
        bare = threading.Thread(target=lambda: results.append(parent()))
        results: List[str] = []
        bare.start()
        bare.join()
    if getattr(sys.flags, "thread_inherit_context", 0):
        assert results == [outer.context.span_id]
    else:
        assert results == [""]


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


def test_a_new_clock_counts_for_traces_that_begin_a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    from outfall_runtime._trace import wall_clock

    moved = time.time_ns() + 3_600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: moved)
    monkeypatch.setattr(wall_clock, "until", 0)
    with span("later") as later:
        pass
    monkeypatch.undo()
    wall_clock.renew(time.monotonic_ns())
    assert abs(later.began - moved / 1e9) < 1


# -- leaks and limits


def leak() -> None:
    span("leaky").begin()


LEAK_LINE = leak.__code__.co_firstlineno + 1


def test_a_span_that_nobody_ends_is_reported_with_the_place_where_it_began(caplog: pytest.LogCaptureFixture) -> None:
    before = spans.stats()
    contextvars.copy_context().run(leak)
    gc.collect()
    assert spans.stats()["open"] == before["open"]
    with span("next"):
        pass
    found = spans.leaks()[-1]
    assert (found.name, found.where.rpartition("/")[2]) == ("leaky", f"test_spans.py:{LEAK_LINE}")
    assert spans.stats()["leaked"] == before["leaked"] + 1
    assert f"span 'leaky', begun at {found.where}, was never ended" in caplog.text


def test_a_span_that_somebody_holds_is_no_leak() -> None:
    before = spans.stats()["leaked"]
    kept: List[Span] = []
    contextvars.copy_context().run(lambda: kept.append(span("kept").begin()))
    gc.collect()
    assert [one.name for one in spans.open_spans()] == ["kept"]
    kept.pop().end()
    assert (spans.open_spans(), spans.stats()["leaked"]) == ([], before)


def test_the_table_of_open_spans_has_a_limit(caplog: pytest.LogCaptureFixture, finished: List[Span]) -> None:
    from outfall_runtime._span_book import SpanBook

    book = SpanBook()
    book.limit = 100
    with span("one") as one:
        slots = [book.free.pop() if book.free else book.new_slot(one) for _ in range(150)]
    assert sorted(slots) == [-1] * 50 + list(range(100))
    assert book.stats()["unwatched"] == 50
    assert caplog.text.count("100 spans are open") == 1


def test_more_open_spans_than_are_watched_still_work(monkeypatch: pytest.MonkeyPatch, finished: List[Span]) -> None:
    from outfall_runtime import _span, _span_book

    monkeypatch.setattr(_span_book.book, "limit", 0)
    monkeypatch.setattr(_span, "_free", [])
    before = spans.stats()
    many = [span("many").begin() for _ in range(10)]
    for one in many:
        one.end()
    assert ([one.name for one in finished], here()) == (["many"] * 10, "")
    after = spans.stats()
    assert [after[count] - before[count] for count in ("ended", "unwatched", "open")] == [10, 10, 0]


def test_attributes_events_and_links_are_bounded() -> None:
    with span("much") as much:
        place = much.context
        for number in range(200):
            much.set(**{f"a{number}": number}).event("e").link(place)
    assert (len(much.attributes), len(much.events), len(much.links), much.dropped) == (128, 128, 128, 3 * 72)


def test_finished_spans_leave_nothing_behind() -> None:
    import tracemalloc

    def work() -> None:
        for _ in range(500):
            with span("outer", a=1), span("inner") as inner:
                inner.event("x")
            one = span("held").begin()
            one.end()

    work()
    tracemalloc.start()
    work()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(5):
        work()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000


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


# -- forks


FORK = """
import os, sys
from outfall_runtime import span, spans
ended = []
spans.on_end(lambda one: ended.append(one.name))
with span("parent") as parent:
    drawn = span("before").begin()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            with span("child") as mine:
                assert mine.parent_id == drawn.context.span_id
                assert [one.name for one in spans.open_spans()] == ["child"]
            drawn.end()
            print(mine.context.span_id, flush=True)
            assert ended == ["child"], ended
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    with span("own") as own:
        print(own.context.span_id)
    drawn.end()
assert status == 0
assert ended == ["own", "before", "parent"], ended
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_forked_child_has_ids_of_its_own_and_leaves_the_parents_spans_to_the_parent(python: Python) -> None:
    done = python(FORK)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.split()
    assert first != second


def test_spans_open_at_exit_are_named_in_one_line(python: Python) -> None:
    done = python("from outfall_runtime import span\na = span('a').begin()\nb = span('b').begin()")
    assert done.returncode == 0
    assert "2 spans are open at exit; the oldest, 'a', was begun" in done.stderr
    assert "at <string>:2" in done.stderr


def test_nothing_is_said_at_exit_when_all_ended(python: Python) -> None:
    done = python("from outfall_runtime import span\nwith span('a'): pass")
    assert (done.returncode, done.stderr) == (0, "")
