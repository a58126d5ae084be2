"""Which span is the current one: generators, tasks, threads and other contexts neither leak nor resurrect any."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from typing import Any, Callable, Iterator, List, Optional

from hypothesis import given
from hypothesis import strategies as st

from outfall_runtime import ContextExecutor, Span, span, spans


def name_of(one: Optional[Span]) -> str:
    return "" if one is None else one.name


def here() -> str:
    return name_of(spans.current())


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
    assert results == [""]
