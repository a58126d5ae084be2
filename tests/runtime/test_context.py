"""Context fields: self-healing first, then carrying, errors and log records."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import logging.handlers
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, AsyncIterator, Iterator, List

import pytest

from outfall_runtime import (
    ContextExecutor,
    ContextValue,
    context,
    install_logging,
    isolate,
    run_in_executor,
)


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


def holding(**values: Any) -> Iterator[None]:
    with context.use(**values):
        yield


def test_an_abandoned_generator_leaves_nothing() -> None:
    generator = holding(user="ada")
    next(generator)
    del generator
    gc.collect()
    assert fields() == {}


def test_interleaved_generators_neither_leak_nor_resurrect() -> None:
    first, second = holding(user="first"), holding(trace="second")
    next(first)
    next(second)
    first.close()  # type: ignore[attr-defined]
    assert fields() == {"trace": "second"}
    second.close()  # type: ignore[attr-defined]
    assert fields() == {}


def test_a_block_closed_late_does_not_bring_back_what_was_there_before() -> None:
    with context.use(user="ada"):
        generator = holding(trace=1)
        next(generator)
    assert fields() == {"trace": 1}
    generator.close()  # type: ignore[attr-defined]
    assert fields() == {}


def test_a_block_closed_in_another_context_is_closed_everywhere() -> None:
    block = context.use(user="ada")
    copied = contextvars.copy_context()
    copied.run(block.__enter__)
    inner = copied.run(contextvars.copy_context)
    contextvars.copy_context().run(block.__exit__, None, None, None)
    assert (copied.run(fields), inner.run(fields), fields()) == ({}, {}, {})


def test_a_rolling_window_of_interleaved_blocks_keeps_the_chain_short() -> None:
    blocks = [context.use(number=-1)]
    blocks[0].__enter__()
    for number in range(1000):
        blocks.append(context.use(number=number))
        blocks[-1].__enter__()
        blocks.pop(0).__exit__(None, None, None)
    length, node = 0, context._top.get()
    while node is not None:
        length, node = length + 1, node.parent
    assert length < 5
    assert fields() == {"number": 999}
    blocks.pop().__exit__(None, None, None)
    assert fields() == {}


def test_an_abandoned_async_generator_leaves_nothing() -> None:
    async def rows() -> AsyncIterator[int]:
        with context.use(user="ada"):
            yield 1
            yield 2

    async def main() -> Any:
        async for _ in rows():
            break
        gc.collect()
        await asyncio.sleep(0.01)
        return fields()

    assert asyncio.run(main()) == {}


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


# -- threads


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


# -- isolate


def test_isolate_needs_a_generator_function() -> None:
    with pytest.raises(TypeError, match="is no generator function"):
        isolate(lambda: None)


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


# -- errors and logs


def test_an_error_carries_the_fields_of_where_it_was_raised() -> None:
    with pytest.raises(ZeroDivisionError) as caught, context.use(user="ada"), context.use(trace=1):
        _ = 1 // 0
    assert context.of(caught.value) == {"user": "ada", "trace": 1}
    assert context.of(ValueError()) == {}


@pytest.fixture
def records() -> Iterator[List[logging.LogRecord]]:
    kept: List[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = kept.append  # type: ignore[method-assign]
    logger = logging.getLogger("test_context")
    logger.addHandler(handler)
    yield kept
    logger.removeHandler(handler)


def test_every_record_has_the_fields_of_its_place(records: List[logging.LogRecord]) -> None:
    uninstall = install_logging()
    logger = logging.getLogger("test_context")
    with context.use(user="ada"):
        logger.warning("inside")
    logger.warning("outside")
    uninstall()
    logger.warning("after")
    assert [getattr(record, "error_context", None) for record in records] == [{"user": "ada"}, {}, None]


def test_records_behind_a_queue_have_the_fields_of_their_origin(records: List[logging.LogRecord]) -> None:
    uninstall = install_logging("fields")
    passing: "queue.Queue[Any]" = queue.Queue()
    sender = logging.getLogger("test_context.sender")
    handler = logging.handlers.QueueHandler(passing)
    sender.addHandler(handler)
    sender.propagate = False
    listener = logging.handlers.QueueListener(passing, *logging.getLogger("test_context").handlers)
    listener.start()
    with context.use(user="ada"):
        sender.warning("queued")
    listener.stop()
    sender.removeHandler(handler)
    uninstall()
    assert [getattr(record, "fields") for record in records] == [{"user": "ada"}]


def test_a_factory_chained_in_front_of_ours_survives_the_uninstall(records: List[logging.LogRecord]) -> None:
    original = logging.getLogRecordFactory()
    uninstall = install_logging()
    ours = logging.getLogRecordFactory()

    def theirs(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = ours(*args, **kwargs)
        record.theirs = True
        return record

    logging.setLogRecordFactory(theirs)
    try:
        uninstall()
        logging.getLogger("test_context").warning("x")
        assert (records[0].theirs, hasattr(records[0], "error_context")) == (True, False)  # type: ignore[attr-defined]
    finally:
        logging.setLogRecordFactory(original)


# -- single values


def test_a_value_without_default_has_to_be_set() -> None:
    value: ContextValue[int] = ContextValue("test_context.value")
    with pytest.raises(LookupError, match="test_context.value has no value here and no default"):
        value.get()
    with value.use(1):
        assert value.get() == 1
    with pytest.raises(LookupError):
        value.get()


def test_values_nest_and_close_in_any_order() -> None:
    value = ContextValue("test_context.nested", default=0)
    first, second = value.use(1), value.use(2)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert value.get() == 2
    second.__exit__(None, None, None)
    assert value.get() == 0


def test_setting_inside_a_block_ends_with_the_block() -> None:
    value = ContextValue("test_context.set", default=0)
    value.set(1)
    with value.use(2):
        value.set(3)
        assert value.get() == 3
    assert value.get() == 1
