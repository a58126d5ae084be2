"""Spans that nobody ends, too many of them, those of a parent process, those open at the end."""

from __future__ import annotations

import contextvars
import gc
from pathlib import Path
from typing import Any, Callable, List

import pytest

from outfall_runtime import Span, span, spans

Python = Callable[..., Any]


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
    assert (found.name, found.where.rpartition("/")[2]) == ("leaky", f"{Path(__file__).name}:{LEAK_LINE}")
    assert spans.stats()["leaked"] == before["leaked"] + 1
    assert f"span 'leaky', begun at {found.where}, was never ended" in caplog.text


def test_a_root_leaks_though_a_span_of_its_trace_goes_on() -> None:
    before = spans.stats()["leaked"]
    traces: List[str] = []

    def work() -> Span:
        root = span("root").begin()
        traces.append(root.context.trace_id)
        with span("child") as child:
            return child

    child = contextvars.copy_context().run(work)
    gc.collect()
    assert spans.stats()["leaked"] == before + 1
    assert [child.context.trace_id] == traces


def test_a_trace_outlives_its_root() -> None:
    with span("root") as root:
        child = contextvars.copy_context().run(span("child").begin)
        context, began = root.context, child.began
    del root
    gc.collect()
    with span("grandchild", parent=child) as grandchild:
        assert grandchild.context.trace_id == child.context.trace_id == context.trace_id
        assert child.parent_id == context.span_id
        assert child.began == began
    child.end()


def test_a_span_that_somebody_holds_is_no_leak() -> None:
    before = spans.stats()["leaked"]
    kept: List[Span] = []
    contextvars.copy_context().run(lambda: kept.append(span("kept").begin()))
    gc.collect()
    assert [one.name for one in spans.open_spans()] == ["kept"]
    kept.pop().end()
    assert (spans.open_spans(), spans.stats()["leaked"]) == ([], before)


def test_the_table_of_open_spans_has_a_limit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, finished: List[Span]
) -> None:
    from outfall_runtime._common.tallies import Count
    from outfall_runtime._spans import book as _span_book

    monkeypatch.setattr(_span_book.book, "limit", 100)
    monkeypatch.setattr(_span_book.book, "unwatched", Count())  # only the first one is told
    before = spans.stats()
    held = [span("held").begin() for _ in range(150)]
    assert len(spans.open_spans()) == 100
    during = spans.stats()
    assert [during[count] - before[count] for count in ("open", "unwatched")] == [150, 50]
    for one in held:
        one.end()
    after = spans.stats()
    assert [after[count] - before[count] for count in ("open", "ended", "leaked")] == [0, 150, 0]
    assert caplog.text.count("100 spans are open") == 1


def test_more_open_spans_than_are_watched_still_work(monkeypatch: pytest.MonkeyPatch, finished: List[Span]) -> None:
    from outfall_runtime._spans import book as _span_book

    monkeypatch.setattr(_span_book.book, "limit", 0)
    before = spans.stats()
    many = [span("many").begin() for _ in range(10)]
    for one in many:
        one.end()
    assert ([one.name for one in finished], spans.current()) == (["many"] * 10, None)
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


GOES_ON = """
import os
from contextvars import copy_context
from outfall_runtime import span
with span("ended") as ended:
    pass
held = copy_context().run(span("held").begin)
with span("block"):
    child = os.fork()
    with span("of ended", parent=ended) as first, span("of held", parent=held) as second:
        pass
    with span("of block") as third:
        pass
held.end()
with span("its own") as own:
    pass
said = " ".join(one.context.trace_id for one in (first, second, third, own))
os.write(1, f"{said}\\n".encode())  # in one piece, whoever else writes
if child == 0:
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0
"""


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="needs fork")
def test_a_trace_that_nobody_asked_about_before_a_fork_has_one_id_on_both_sides(python: Python) -> None:
    done = python(GOES_ON)
    assert (done.returncode, done.stderr) == (0, "")
    [*ids, own], [*ids_in_child, own_in_child] = map(str.split, done.stdout.splitlines())
    assert ids == ids_in_child
    assert len({*ids, own, own_in_child}) == 5


def test_spans_open_at_exit_are_named_in_one_line(python: Python) -> None:
    done = python("from outfall_runtime import span\na = span('a').begin()\nb = span('b').begin()")
    assert done.returncode == 0
    assert "2 spans are open at exit; the oldest, 'a', was begun" in done.stderr
    assert "at <string>:2" in done.stderr


def test_nothing_is_said_at_exit_when_all_ended(python: Python) -> None:
    done = python("from outfall_runtime import span\nwith span('a'): pass")
    assert (done.returncode, done.stderr) == (0, "")
