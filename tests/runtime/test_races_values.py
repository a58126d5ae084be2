"""What several threads do to one slot, lazy value or resource truly at the same time is as if one came after the other."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import ModuleType
from typing import Any, Callable, List

import pytest

from outfall_runtime import Lazy, Registry, Slot, ThreadResource, module_property, owners
from outfall_runtime._common.leaving import Leaving
from outfall_runtime._common.states import StateRecord

Race = Callable[..., None]

pytestmark = pytest.mark.usefixtures("eager_switching")


def test_no_more_resources_are_closed_than_were_opened(race: Race) -> None:
    resource = ThreadResource("test_races.resource", object, close=lambda one: None)

    def look() -> None:
        assert resource.stats()["open"] >= 0

    race(look, rounds=3000, beside=(lambda: (resource.get(), resource.close()),) * 2)


def test_hours_are_told_while_the_mode_changes(race: Race) -> None:
    record = StateRecord("test_races.hours", "table")
    record._since -= 3600 * 100
    modes = iter(("shadow", "legacy") * 10**6)

    def look() -> None:
        assert sum(record.hours().values()) == pytest.approx(100, abs=1)

    def change() -> None:
        record.enter(next(modes))
        with record._changing:  # the time since is long again
            record._seconds[record.mode] -= 3600
            record._since -= 3600

    race(look, rounds=3000, beside=(change,))


def test_what_several_threads_want_done_at_the_end_is_done(race: Race) -> None:
    leaving, done = Leaving(), []
    race(*[lambda: leaving.add(lambda: done.append(1))] * 4, rounds=300)
    leaving.leave()
    leaving.leave()
    assert len(done) == 1200


def test_a_module_has_a_name_while_it_becomes_a_property(race: Race) -> None:
    for number in range(60):
        module: Any = ModuleType(f"test_races_{number}")
        module.setting = 1
        sys.modules[module.__name__] = module
        try:
            slot = Slot("test_races.setting", 1)
            read: List[int] = []
            race(
                lambda: module_property(module.__name__, "setting", slot),
                lambda: read.extend(module.setting for _ in range(300)),
            )
            assert read == [1] * 300
        finally:
            del sys.modules[module.__name__]


def test_changes_of_a_slot_add_up(race: Race) -> None:
    slot, won = Slot("test_races.slot", 0), []

    def change() -> None:
        slot.update(lambda number: number + 1)
        before = slot.get()
        if slot.compare_and_set(before, before + 1):
            won.append(1)

    race(*[change] * 4, rounds=400)
    assert slot.get() == 1600 + len(won)


def test_a_value_that_is_reset_meanwhile_is_given_out_all_the_same(race: Race) -> None:
    lazy: Lazy[int] = Lazy("test_races.reset", lambda: 7)

    async def ask() -> None:
        for _ in range(40):
            assert await lazy.aget() == 7

    def look() -> None:
        assert [lazy.get() for _ in range(40)] == [7] * 40

    race(look, lambda: asyncio.run(ask()), rounds=15, beside=(lazy.reset,))


def test_threads_and_loops_get_one_value_that_is_made_once(race: Race) -> None:
    for _ in range(12):
        made: List[int] = []
        found: List[int] = []

        async def factory() -> int:
            made.append(1)
            await asyncio.sleep(0)
            return 7

        lazy: Lazy[int] = Lazy("test_races.loops", factory)

        async def ask() -> None:
            found.extend(await asyncio.gather(*(lazy.aget() for _ in range(3))))

        race(*[lambda: asyncio.run(ask())] * 3)
        assert (made, found) == ([1], [7] * 9)


def test_a_thread_waits_for_the_value_that_a_task_makes_elsewhere() -> None:
    begun, go_on = threading.Event(), threading.Event()

    async def factory() -> int:
        begun.set()
        while not go_on.is_set():
            await asyncio.sleep(0)
        return 7

    lazy: Lazy[int] = Lazy("test_races.elsewhere", factory)
    found: List[int] = []
    maker = threading.Thread(target=lambda: asyncio.run(lazy.aget()))
    asker = threading.Thread(target=lambda: found.append(lazy.get()))
    maker.start()
    assert begun.wait(30)
    asker.start()
    go_on.set()
    maker.join(30)
    asker.join(30)
    assert found == [7]


def test_a_thread_cannot_wait_for_the_value_that_its_own_task_makes() -> None:
    async def main() -> int:
        go_on = asyncio.Event()

        async def factory() -> int:
            await go_on.wait()
            return 7

        lazy: Lazy[int] = Lazy("test_races.own", factory)
        task = asyncio.ensure_future(lazy.aget())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="asked for by the very code"):
            lazy.get()
        go_on.set()
        return await task

    assert asyncio.run(main()) == 7


def test_the_collector_may_bring_an_owner_that_is_polled_while_the_first_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    poller = owners._Poller()
    monkeypatch.setattr(owners, "_poller", poller)
    table: Registry[str, int] = Registry("test_races.polled")
    started: List[threading.Thread] = []
    start, idle = threading.Thread.start, threading.Thread(target=print)

    def interrupted(self: threading.Thread) -> None:
        if "second" not in table:
            table.register("second", 2, owner=idle)
        started.append(self)
        start(self)

    def register() -> None:
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        table.register("first", 1, owner=idle)

    thread = threading.Thread(target=register, daemon=True)
    thread.start()
    thread.join(30)
    assert (thread.is_alive(), table, len(started)) == (False, {"first": 1, "second": 2}, 1)


def test_the_collector_may_bring_an_expiry_while_one_is_noted() -> None:
    table: Registry[str, int] = Registry("test_races.expiry")

    def register() -> None:
        with table._outfall._timing:
            table.register("a", 1, ttl=60)

    thread = threading.Thread(target=register, daemon=True)
    thread.start()
    thread.join(30)
    assert (thread.is_alive(), table) == (False, {"a": 1})
