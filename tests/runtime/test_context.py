"""Context fields: blocks that nest, and tasks and workers that inherit."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, List

import pytest

from outfall_runtime import context, run_in_executor


def fields() -> Any:
    return dict(context.current())


def test_outside_there_is_nothing_and_nobody_can_change_it() -> None:
    assert fields() == {}
    with pytest.raises(TypeError):
        context.current()["user"] = "ada"  # type: ignore[index]


def test_a_block_is_entered_once() -> None:
    block = context.use(user="ada")
    with block, pytest.raises(RuntimeError, match="entered already"):
        block.__enter__()
    assert fields() == {}


def test_blocks_nest() -> None:
    with context.use(user="ada", trace=1):
        with context.use(user="bob"):
            assert fields() == {"user": "bob", "trace": 1}
        assert fields() == {"user": "ada", "trace": 1}
    assert fields() == {}


def test_bound_fields_end_with_the_block_around_them() -> None:
    context.bind(host="a")
    with context.use(user="ada"):
        context.bind(trace=1)
        context.bind(trace=2, span=3)
        assert fields() == {"host": "a", "user": "ada", "trace": 2, "span": 3}
    assert fields() == {"host": "a"}


def test_binding_again_and_again_keeps_the_chain_short() -> None:
    for number in range(100):
        context.bind(number=number)
    top = context._top.get()
    assert top is not None
    assert (fields(), top.parent) == ({"number": 99}, None)


def test_tasks_inherit_and_do_not_give_back() -> None:
    async def child() -> Any:
        context.bind(trace=1)
        with context.use(user="bob"):
            await asyncio.sleep(0)
            return fields()

    async def main() -> Any:
        with context.use(user="ada"):
            return await asyncio.ensure_future(child()), fields()

    assert asyncio.run(main()) == ({"user": "bob", "trace": 1}, {"user": "ada"})


def test_wait_for_and_callbacks_follow() -> None:
    seen: List[Any] = []

    async def work() -> Any:
        return fields()

    async def main() -> Any:
        with context.use(user="ada"):
            asyncio.get_running_loop().call_soon(lambda: seen.append(fields()))
            return await asyncio.wait_for(work(), 5)

    assert asyncio.run(main()) == {"user": "ada"}
    assert seen == [{"user": "ada"}]


@pytest.mark.skipif("sys.version_info < (3, 12)", reason="eager tasks came with 3.12")
def test_eager_tasks_leave_nothing_in_their_parent() -> None:
    async def child() -> Any:
        with context.use(user="child"):
            await asyncio.sleep(0)
        return fields()

    async def main() -> Any:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        with context.use(user="parent"):
            tasks = [asyncio.create_task(child()) for _ in range(3)]
            here = fields()
            return here, await asyncio.gather(*tasks)

    assert asyncio.run(main()) == ({"user": "parent"}, [{"user": "parent"}] * 3)


def test_work_that_outlives_the_block_keeps_what_it_was_started_with() -> None:
    async def later() -> Any:
        await asyncio.sleep(0.01)
        return fields()

    async def main() -> Any:
        with context.use(user="ada"):
            task = asyncio.ensure_future(later())
        return fields(), await task

    assert asyncio.run(main()) == ({}, {"user": "ada"})


def test_a_worker_keeps_what_it_was_given_when_the_block_of_its_task_ends() -> None:
    release = threading.Event()

    def work() -> Any:
        release.wait(10)
        return fields()

    async def main() -> Any:
        with context.use(user="ada"):
            future = asyncio.ensure_future(run_in_executor(None, work))
            await asyncio.sleep(0)
        release.set()
        return await future

    assert asyncio.run(main()) == {"user": "ada"}
