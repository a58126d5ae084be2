"""Entries with an owner go when the owner ends, whatever kind it is."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, List

import pytest

from outfall_runtime import Owner, Registry, StagedRegistry, flags


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


ENDINGS = [end_object, end_cycle, end_explicitly, end_thread, end_task, end_cancelled_task, end_future]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_entry_goes_when_its_owner_ends(ending: Callable[[Callable[[Any], None]], None]) -> None:
    table: Registry[str, Any] = Registry("test_registry.ends", {"stays": 0})
    seen: List[bool] = []

    def register(owner: Any) -> None:
        table.register("goes", 1, owner=owner)
        seen.append("goes" in table)

    ending(register)
    assert seen == [True]
    assert table == {"stays": 0}
    table.register("goes", 2)
    assert table["goes"] == 2


def gone_within(table: Any, key: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while key in table and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return key not in table


def test_an_entry_goes_when_another_thread_or_a_process_ends() -> None:
    table: Registry[str, int] = Registry("test_registry.polled")
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    table.register("thread", 1, owner=thread)
    table.register("process", 2, owner=process)
    assert (set(table), table.stats()["owned"]) == ({"thread", "process"}, 2)
    release.set()
    process.communicate(b"\n")
    thread.join()
    assert gone_within(table, "thread")
    assert gone_within(table, "process")


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
    assert len(owner._deaths._waiting) < 100
    assert table._outfall.entries == {}


def ended_explicitly() -> Any:
    owner = Owner()
    owner.end()
    return owner


def ended_thread() -> Any:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return thread


def ended_future() -> Any:
    future: "Future[None]" = Future()
    future.set_result(None)
    return future


def ended_task() -> Any:
    """Its loop is closed, so nothing can be called back any more."""

    async def main() -> Any:
        return asyncio.current_task()

    return asyncio.run(main())


def ended_process() -> Any:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process


@pytest.mark.parametrize("ended", [ended_explicitly, ended_thread, ended_future, ended_task, ended_process])
def test_who_has_ended_already_keeps_nothing(ended: Callable[[], Any]) -> None:
    table: Registry[str, int] = Registry("test_registry_owners.ended", {"stays": 0})
    owner = ended()
    table.register("a", 1, owner=owner)
    assert table == {"stays": 0}
    assert table.get_or_create("b", lambda: 2, owner=owner) == 2
    assert table == {"stays": 0}


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


@pytest.mark.parametrize("drop", [dropped_owner, dropped_task])
def test_an_owner_that_is_dropped_without_a_word_is_noticed(drop: Callable[[Callable[[Any], None]], None]) -> None:
    table: Registry[str, int] = Registry("test_registry_owners.dropped")
    seen: List[bool] = []

    def register(owner: Any) -> None:
        table.register("a", 1, owner=owner)
        seen.append("a" in table)

    drop(register)
    gc.collect()
    assert seen == [True]
    assert table == {}


def test_a_process_that_was_closed_is_no_owner_any_more_and_harms_no_other() -> None:
    class Closed:
        """As `multiprocessing.Process` after `close()`."""

        pid = 1
        closed = False

        @property
        def exitcode(self) -> None:
            if self.closed:
                raise ValueError("process object is closed")

    table: Registry[str, int] = Registry("test_registry_owners.closed")
    process, release = Closed(), threading.Event()
    thread = threading.Thread(target=release.wait, daemon=True)
    thread.start()
    table.register("process", 1, owner=process)
    table.register("thread", 2, owner=thread)
    process.closed = True
    assert gone_within(table, "process")
    release.set()
    thread.join()
    assert gone_within(table, "thread")


@pytest.mark.parametrize("call", ["register", "get_or_create"])
def test_an_owner_that_cannot_be_watched_is_refused_before_anything_happens(call: str) -> None:
    table: Registry[str, Any] = Registry("test_registry_owners.refused")
    made: List[int] = []
    for _ in range(2):
        with pytest.raises(TypeError, match="17 cannot own an entry: int objects have no weak references; give"):
            getattr(table, call)("a", lambda: made.append(1), owner=17)
    assert (table, made, table.stats()["owned"]) == ({}, [], 0)


def test_a_rollback_brings_an_entry_back_with_its_owner_so_the_next_start_lets_it_go_again() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_registry_owners.again")
    owner = Thing()
    table.register("a", 1, owner=owner, metadata={"team": "search"})
    flags.set("use_registry", "new")
    del owner
    assert table == {}
    flags.set("use_registry", "legacy")
    assert (table, table.metadata("a")) == ({"a": 1}, {"team": "search"})
    flags.set("use_registry", "new")
    assert table == {}
