"""Owners that are nobody: who has ended already keeps nothing, and who cannot be watched is refused."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import Future
from typing import Any, Callable, List

import pytest

from outfall_runtime import Owner, Registry, StagedRegistry, flags


class Thing:
    """An owner, and a value, that can be referenced weakly."""

    def method(self) -> None: ...


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


@pytest.mark.parametrize("call", ["register", "get_or_create"])
@pytest.mark.parametrize(
    ("owner", "reason"),
    [
        (17, "17 cannot own an entry: int objects have no weak references; give"),
        ("a", "'a' cannot own an entry: str objects have no weak references; give"),
        (Thing().method, "cannot own an entry: a bound method is made anew at each use; give the object"),
    ],
)
def test_an_owner_that_cannot_be_watched_is_refused_before_anything_happens(call: str, owner: Any, reason: str) -> None:
    table: Registry[str, Any] = Registry("test_registry_owners.refused")
    made: List[int] = []
    for _ in range(2):
        with pytest.raises(TypeError, match=reason):
            getattr(table, call)("a", lambda: made.append(1), owner=owner)
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
