"""Spans around functions of every kind."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, AsyncIterator, Iterator, List, Optional

import pytest

from outfall_runtime import Span, span, spans


@pytest.fixture
def finished() -> Iterator[List[Span]]:
    ended: List[Span] = []
    stop = spans.on_end(ended.append)
    yield ended
    stop()


def here() -> str:
    current = spans.current()
    return "" if current is None else current.name


@span("plain", kind="test")
def plain(fail: bool = False) -> str:
    """Its text."""
    if fail:
        raise ValueError("no")
    return here()


@span("coroutine")
async def coroutine() -> str:
    await asyncio.sleep(0)
    return here()


@span("generator")
def generator(count: int = 2) -> Iterator[Any]:
    with span("inside"):
        for _ in range(count):
            received = yield here()
            if received:
                yield received
    return "returned"


@span("async generator")
async def async_generator() -> AsyncIterator[Any]:
    with span("inside"):
        for _ in range(2):
            await asyncio.sleep(0)
            received = yield here()
            if received:
                yield received


def test_every_kind_of_function_stays_what_it_is() -> None:
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)
    assert (plain.__name__, plain.__doc__) == ("plain", "Its text.")


def test_each_call_has_a_span_of_its_own(finished: List[Span]) -> None:
    assert [plain(), plain()] == ["plain", "plain"]
    assert [dict(one.attributes) for one in finished] == [{"kind": "test"}] * 2
    assert len({one.context.span_id for one in finished}) == 2
    line = inspect.unwrap(plain).__code__.co_firstlineno
    assert finished[0].where.endswith(f"test_span_functions.py:{line}")


def test_an_error_of_the_function_is_recorded_and_raised(finished: List[Span]) -> None:
    with pytest.raises(ValueError):
        plain(fail=True)
    assert [one.message for one in finished] == ["ValueError: no"]


def test_a_coroutine_is_inside_its_span_while_others_are_not(finished: List[Span]) -> None:
    async def main() -> List[str]:
        return await asyncio.gather(coroutine(), coroutine())

    assert asyncio.run(main()) == ["coroutine"] * 2
    assert [one.parent_id for one in finished] == ["", ""]


def test_a_generators_span_is_current_while_a_step_runs_and_not_for_its_consumer(finished: List[Span]) -> None:
    with span("consumer"):
        seen = []
        for item in generator():
            seen.append((item, here()))
            with span("between"):
                pass
    assert seen == [("inside", "consumer")] * 2
    names = {one.context.span_id: one.name for one in finished}
    parents = {one.name: names.get(one.parent_id) for one in finished}
    assert parents == {"between": "consumer", "inside": "generator", "generator": "consumer", "consumer": None}


def test_a_generator_can_be_sent_to_thrown_into_and_closed(finished: List[Span]) -> None:
    steps: Any = generator()
    assert (next(steps), steps.send("hello")) == ("inside", "hello")
    with pytest.raises(KeyError):
        steps.throw(KeyError("x"))
    assert [(one.name, one.status) for one in finished] == [("inside", spans.ERROR), ("generator", spans.ERROR)]
    steps = generator()
    next(steps)
    steps.close()
    assert [(one.name, one.status) for one in finished[2:]] == [("inside", spans.UNSET), ("generator", spans.UNSET)]
    assert here() == ""


def test_a_generator_returns_what_it_returned() -> None:
    steps = generator(0)
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == "returned"


def test_generators_that_take_turns_keep_their_spans_apart() -> None:
    first, second = generator(3), generator(3)
    assert [next(first), next(second), next(first), next(second)] == ["inside"] * 4
    first.close()  # type: ignore[attr-defined]
    assert (next(second), here()) == ("inside", "")


def test_a_generator_that_is_not_started_has_no_span(finished: List[Span]) -> None:
    generator()
    assert finished == []


def test_an_async_generators_span_is_not_its_consumers(finished: List[Span]) -> None:
    async def main() -> List[Any]:
        seen: List[Any] = []
        with span("consumer"):
            steps: Any = async_generator()
            seen.append((await steps.__anext__(), here()))
            seen.append((await steps.asend("hello"), here()))
            await steps.aclose()
        return seen

    assert asyncio.run(main()) == [("inside", "consumer"), ("hello", "consumer")]
    assert [(one.name, one.status) for one in finished] == [
        ("inside", spans.UNSET),
        ("async generator", spans.UNSET),
        ("consumer", spans.UNSET),
    ]


def test_an_error_thrown_into_an_async_generator_is_recorded(finished: List[Span]) -> None:
    async def main() -> None:
        steps: Any = async_generator()
        await steps.__anext__()
        with pytest.raises(KeyError):
            await steps.athrow(KeyError("x"))

    asyncio.run(main())
    assert [one.status for one in finished] == [spans.ERROR] * 2


def test_an_abandoned_async_generator_ends_its_span(finished: List[Span]) -> None:
    async def main() -> Optional[str]:
        async for _ in async_generator():
            break
        return here()

    assert asyncio.run(main()) == ""
    assert [one.name for one in finished] == ["inside", "async generator"]
