"""Entries with an owner go when the owner ends, whatever kind it is."""

from __future__ import annotations

import _thread
import asyncio
import gc
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, List

import pytest

from outfall_runtime import Owner, Registry


class Thing:
    """An owner, and a value, that can be referenced weakly."""


def end_object(end: Callable[[Any], None]) -> None:
    owner = Thing()
    end(owner)
    del owner


def end_cycle(end: Callable[[Any], None]) -> None:
    owner: Any = Thing()
    owner.me = owner
    end(owner)
    del owner
    gc.collect()


def end_explicitly(end: Callable[[Any], None]) -> None:
    with Owner("worker") as owner:
        end(owner)


def end_thread(end: Callable[[Any], None]) -> None:
    thread = threading.Thread(target=lambda: end(threading.current_thread()))
    thread.start()
    thread.join()


def end_task(end: Callable[[Any], None]) -> None:
    async def task() -> None:
        end(asyncio.current_task())

    asyncio.run(task())


def end_cancelled_task(end: Callable[[Any], None]) -> None:
    async def task() -> None:
        end(asyncio.current_task())
        await asyncio.sleep(60)

    async def main() -> None:
        running = asyncio.ensure_future(task())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())


def end_future(end: Callable[[Any], None]) -> None:
    future: "Future[None]" = Future()
    end(future)
    future.set_result(None)


def end_bare_thread(end: Callable[[Any], None]) -> None:
    """A thread that `threading` did not start, as C code makes them."""
    ended = threading.Event()

    def work() -> None:
        end(threading.current_thread())
        ended.set()

    _thread.start_new_thread(work, ())
    assert ended.wait(30)


def end_failing_thread(end: Callable[[Any], None]) -> None:
    def work() -> None:
        end(threading.current_thread())
        raise ZeroDivisionError

    hook, threading.excepthook = threading.excepthook, lambda arguments: None
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    threading.excepthook = hook


def end_failing_task(end: Callable[[Any], None]) -> None:
    async def task() -> None:
        end(asyncio.current_task())
        raise ZeroDivisionError

    async def main() -> None:
        await asyncio.gather(asyncio.ensure_future(task()), return_exceptions=True)

    asyncio.run(main())


def end_task_of_another_thread(end: Callable[[Any], None]) -> None:
    """Its loop runs elsewhere, and hears of the owner from here."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    future = asyncio.run_coroutine_threadsafe(asyncio.sleep(3600), loop)
    tasks: "Future[Any]" = Future()
    loop.call_soon_threadsafe(lambda: tasks.set_result(asyncio.all_tasks(loop)))
    (task,) = tasks.result(30)
    end(task)
    future.cancel()
    loop.call_soon_threadsafe(lambda: loop.call_soon(loop.stop))
    thread.join(30)
    loop.close()


def end_generator(end: Callable[[Any], None]) -> None:
    owner = (number for number in range(3))
    end(owner)
    del owner


def dropped_owner(end: Callable[[Any], None]) -> None:
    end(Owner("forgotten"))


def dropped_task(end: Callable[[Any], None]) -> None:
    """A task that is still waiting when its loop is closed and forgotten."""
    loop = asyncio.new_event_loop()

    async def waits() -> None:
        await asyncio.sleep(3600)

    task = loop.create_task(waits())
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    end(task)
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    del task, loop
    gc.collect()


def gone_within(table: Any, key: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while key in table and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return key not in table


ENDINGS = [
    end_object, end_cycle, end_generator, end_explicitly, dropped_owner, end_thread, end_failing_thread, end_bare_thread,
    end_task, end_cancelled_task, end_failing_task, end_task_of_another_thread, dropped_task, end_future,
]  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_entry_goes_when_its_owner_ends(ending: Callable[[Callable[[Any], None]], None]) -> None:
    table: Registry[str, Any] = Registry("test_registry_owners.ends", {"stays": 0})
    seen: List[bool] = []

    def register(owner: Any) -> None:
        table.register("goes", 1, owner=owner)
        seen.append("goes" in table)

    ending(register)
    gc.collect()
    assert seen == [True]
    assert gone_within(table, "goes")  # at once, unless another thread has to come to its very end first
    assert table == {"stays": 0}
    table.register("goes", 2)
    assert table["goes"] == 2


def test_the_death_of_an_earlier_owner_does_not_touch_what_came_after() -> None:
    table: Registry[str, str] = Registry("test_registry.later")
    first, second = Thing(), Thing()
    table.register("a", "first", owner=first)
    table["a"] = "assigned"
    del first
    assert table == {"a": "assigned"}
    del table["a"]
    table.register("a", "second", owner=second)
    assert table == {"a": "second"}
    table.clear()
    del second
    assert (table, table.stats()["owned"]) == ({}, 0)


def test_a_value_may_own_itself_and_be_part_of_a_cycle_with_its_table() -> None:
    table: Registry[str, Any] = Registry("test_registry.self")
    owner = Owner()
    table.register("a", table, owner=owner)
    owner.end()
    assert len(table) == 0


def test_a_million_registrations_by_one_owner_leave_nothing_behind() -> None:
    table: Registry[str, int] = Registry("test_registry.churn")
    owner = Owner()
    for number in range(5000):
        table.register("a", number, owner=owner)
        table.unregister("a")
    assert len(owner._deaths._waiting.refs) < 100
    assert table._outfall.entries == {}
