"""Context fields on other threads, in executors and in isolated generators."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any, AsyncIterator, Iterator, List

import pytest

from outfall_runtime import ContextExecutor, context, isolate, run_in_executor


def fields() -> Any:
    return dict(context.current())


def test_plain_pools_carry_nothing_and_ours_carries_freshly() -> None:
    with ThreadPoolExecutor(1) as plain, ContextExecutor(1) as ours:
        for user in ("ada", "bob"):
            with context.use(user=user):
                assert plain.submit(fields).result() == {}
                assert ours.submit(fields).result() == {"user": user}
        assert ours.submit(fields).result() == {}


def test_a_worker_keeps_nothing_of_its_work() -> None:
    def work() -> None:
        context.bind(user="ada")

    with ContextExecutor(1) as pool:
        pool.submit(work).result()
        assert pool.submit(fields).result() == {}


def test_run_in_executor_carries() -> None:
    async def main() -> Any:
        with ThreadPoolExecutor(1) as pool, context.use(user="ada"):
            return await run_in_executor(pool, fields), await run_in_executor(None, lambda *, x: x, x=3)

    assert asyncio.run(main()) == ({"user": "ada"}, 3)


def test_wrapped_work_may_run_twice_at_once() -> None:
    with context.use(user="ada"):
        wrapped = context.wrap(lambda: context.wrap(fields)())
    with ThreadPoolExecutor(4) as pool:
        assert [future.result() for future in [pool.submit(wrapped) for _ in range(20)]] == [{"user": "ada"}] * 20


def test_wrapped_work_has_its_fields_wherever_it_runs_once_the_block_has_ended() -> None:
    with context.use(user="ada"):
        wrapped = context.wrap(fields)
    with context.use(trace=1), ThreadPoolExecutor(1) as pool:
        assert (wrapped(), pool.submit(wrapped).result(), fields()) == ({"user": "ada"}, {"user": "ada"}, {"trace": 1})

    async def main() -> Any:
        with context.use(user="bob"):
            later = context.wrap(fields)
        return later(), fields()

    assert asyncio.run(main()) == ({"user": "bob"}, {})


# -- isolate


def test_isolate_needs_a_generator_function() -> None:
    with pytest.raises(TypeError, match="is no generator function"):
        isolate(lambda: None)


def test_an_isolated_generator_function_is_one_for_who_asks() -> None:
    """Test runners and web frameworks ask, and treat what is none in another way."""

    @isolate
    def rows() -> Iterator[int]:
        yield 1

    @isolate
    async def pages() -> AsyncIterator[int]:
        yield 1

    assert inspect.isgeneratorfunction(rows)
    assert inspect.isasyncgenfunction(pages)


def test_an_isolated_generator_keeps_its_fields_to_itself() -> None:
    seen: List[Any] = []

    @isolate
    def rows() -> Any:
        with context.use(table="users"):
            received = yield 1
            seen.append((received, fields()))
            try:
                yield 2
            except ValueError:
                seen.append(("thrown", fields()))
            yield 3
        return 4

    generator = rows()
    assert (next(generator), fields()) == (1, {})
    assert (generator.send("x"), fields()) == (2, {})
    assert (generator.throw(ValueError()), fields()) == (3, {})
    with pytest.raises(StopIteration) as end:
        next(generator)
    assert end.value.value == 4
    assert seen == [("x", {"table": "users"}), ("thrown", {"table": "users"})]


def test_closing_an_isolated_generator_closes_the_inner_one() -> None:
    ended: List[str] = []

    @isolate
    def rows() -> Any:
        try:
            yield 1
        finally:
            ended.append("closed")

    generator = rows()
    next(generator)
    generator.close()
    assert ended == ["closed"]


def test_an_isolated_async_generator_keeps_its_fields_to_itself() -> None:
    inside: List[Any] = []

    @isolate
    async def rows() -> Any:
        with context.use(table="users"):
            for number in range(2):
                await asyncio.sleep(0)
                inside.append(fields())
                yield number

    async def main() -> Any:
        return [(number, fields()) async for number in rows()]

    assert asyncio.run(main()) == [(0, {}), (1, {})]
    assert inside == [{"table": "users"}] * 2
