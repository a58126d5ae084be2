"""What ContextLocal does beyond threading.local: tasks, carrying, and values that die with it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import weakref
from typing import Any, Callable, List

import pytest

from outfall_runtime import ContextLocal, StagedContextLocal, flags
from outfall_runtime import context as outfall_context


@pytest.fixture(params=[ContextLocal, StagedContextLocal], ids=lambda maker: maker.__name__)
def ours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    flags.set("use_context", "new")
    return request.param("test_context_local.ours", "user")


def test_tasks_do_not_see_each_other(ours: Any) -> None:
    async def request(number: int, gate: asyncio.Event) -> Any:
        ours.user = number
        await gate.wait()
        return ours.user

    async def main() -> List[Any]:
        gate = asyncio.Event()
        tasks = [asyncio.ensure_future(request(number, gate)) for number in range(50)]
        await asyncio.sleep(0)
        gate.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == list(range(50))
    assert not hasattr(ours, "user")


def test_a_task_inherits_and_its_changes_stay_with_it(ours: Any) -> None:
    async def child() -> Any:
        seen = ours.user
        ours.user = "child"
        ours.trace = 1
        return seen

    async def main() -> Any:
        ours.user = "parent"
        seen = await asyncio.ensure_future(child())
        return seen, ours.user, hasattr(ours, "trace")

    assert asyncio.run(main()) == ("parent", "parent", False)


def test_wrapped_work_carries_values_into_a_thread(ours: Any, in_thread: Callable[..., Any]) -> None:
    ours.user = "ada"
    wrapped = outfall_context.wrap(lambda: ours.user)
    ours.user = "bob"
    assert in_thread(wrapped) == "ada"


def test_only_the_named_states_are_carried(in_thread: Callable[..., Any]) -> None:
    carried, left = ContextLocal("test.carried"), ContextLocal("test.left")
    carried.user, left.user = "ada", "bob"
    work = outfall_context.wrap(lambda: (carried.user, hasattr(left, "user")), states=[carried])
    assert in_thread(work) == ("ada", False)
    assert in_thread(lambda: hasattr(carried, "user")) is False


class Value:
    """Something whose death can be seen."""


def test_values_die_with_the_instance(ours: Any) -> None:
    local = type(ours).__mro__[1]("test.dies", "user")
    local.user = value = Value()
    contexts = [contextvars.copy_context() for _ in range(3)]
    dead = weakref.ref(value)
    del value, local
    gc.collect()
    assert dead() is None
    assert len(contexts) == 3


def test_values_die_with_an_instance_that_is_part_of_a_cycle() -> None:
    local = ContextLocal("test.cycle", "me", "value")
    local.value = value = Value()
    holder: Any = [local]
    holder.append(holder)
    dead = weakref.ref(value)
    del value, local, holder
    gc.collect()
    assert dead() is None


def test_a_new_instance_never_sees_the_values_of_a_dead_one() -> None:
    for number in range(200):
        local = ContextLocal("test.reuse", "user")
        assert not hasattr(local, "user")
        local.user = number
        assert local.user == number


def test_overwritten_values_are_let_go(ours: Any) -> None:
    ours.user = value = Value()
    dead = weakref.ref(value)
    del value
    ours.user = None
    gc.collect()
    assert dead() is None
