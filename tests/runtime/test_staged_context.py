"""Staged context states: what each mode reads, and how the differences are told apart."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterator, List

import pytest

from outfall_runtime import LegacyStateError, StagedContextLocal, context, flags
from outfall_runtime._common.states import StateRecord, book

NAMES = iter(range(10**9))


@pytest.fixture
def local() -> Any:
    return StagedContextLocal(f"test_staged_context.local{next(NAMES)}", "user", "trace")


def record(local: Any) -> StateRecord:
    found = book.get(local._outfall_store.name)
    assert found is not None
    return found


def differences(local: Any) -> Dict[str, int]:
    found = record(local)
    return {name: getattr(found, name).total() for name in ("bleed", "inherited", "lost")}


async def together(count: int, work: Callable[[int, Any], Any]) -> List[Any]:
    """Run `work(number, meet)` in tasks; `meet()` lets all arrive before any goes on."""
    arrived = 0
    gate = asyncio.Event()

    async def meet() -> None:
        nonlocal arrived
        arrived += 1
        if arrived == count:
            gate.set()
        await gate.wait()

    return await asyncio.gather(*(work(number, meet) for number in range(count)))


@pytest.mark.parametrize(
    ("mode", "expected"), [("legacy", [2, 2, 2]), ("shadow", [2, 2, 2]), ("new", [0, 1, 2]), ("enforced", [0, 1, 2])]
)
def test_tasks_bleed_into_each_other_until_the_flag_is_new(local: Any, mode: str, expected: List[int]) -> None:
    flags.set("use_context", mode)

    async def request(number: int, meet: Any) -> Any:
        local.user = number
        await meet()
        return local.user

    assert asyncio.run(together(3, request)) == expected


def test_100_healthy_requests_in_shadow_bleed_99_times_and_lose_nothing(local: Any) -> None:
    flags.set("use_context", "shadow")

    async def request(number: int, meet: Any) -> Any:
        local.user = number
        await meet()
        return local.user

    asyncio.run(together(100, request))
    assert differences(local) == {"bleed": 99, "inherited": 0, "lost": 0}
    assert (record(local).reads.total(), record(local).writes["shadow"].total()) == (100, 100)


def test_what_a_worker_inherits_is_told_apart(local: Any, in_thread: Callable[..., Any]) -> None:
    flags.set("use_context", "shadow")
    local.user = "ada"
    carried = contextvars.copy_context()
    assert in_thread(lambda: carried.run(hasattr, local, "user")) is False
    assert differences(local) == {"bleed": 0, "inherited": 1, "lost": 0}


def test_a_value_written_in_a_context_that_is_gone_is_lost_with_its_call_site(local: Any) -> None:
    flags.set("use_context", "shadow")
    contextvars.copy_context().run(setattr, local, "user", "ada")
    assert local.user == "ada"
    assert differences(local) == {"bleed": 0, "inherited": 0, "lost": 1}
    ((site, count),) = record(local).lost_sites()
    assert site.startswith("test_staged_context.py:") or "/test_staged_context.py:" in site
    assert count == 1


def test_enforced_raises_where_a_value_is_really_lost(local: Any) -> None:
    flags.set("use_context", "enforced")
    contextvars.copy_context().run(setattr, local, "user", "ada")
    with pytest.raises(LegacyStateError) as caught:
        hasattr(local, "user")
    assert caught.value.state == record(local).name
    assert "test_staged_context.py:" in caught.value.site
    assert "context.wrap" in caught.value.remedy


def test_enforced_does_not_raise_where_another_task_wrote(local: Any) -> None:
    flags.set("use_context", "enforced")

    async def request(number: int, meet: Any) -> Any:
        if number == 0:
            local.user = "zero"
        await meet()
        return getattr(local, "user", "nobody")

    assert asyncio.run(together(3, request)) == ["zero", "nobody", "nobody"]
    assert differences(local)["lost"] == 0


def test_enforced_does_not_raise_on_a_reused_worker(local: Any) -> None:
    """Two requests that hand work to the same pool thread: the second finds the first one's trace."""
    flags.set("use_context", "enforced")
    local.trace = "started"
    del local.trace

    async def request(number: int) -> Any:
        def work() -> Any:
            before = getattr(local, "user", "nobody")
            local.user = number
            return before, local.user

        return await asyncio.get_running_loop().run_in_executor(pool, contextvars.copy_context().run, work)

    async def main() -> List[Any]:
        return [await asyncio.ensure_future(request(number)) for number in range(3)]

    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(main()) == [("nobody", 0), ("nobody", 1), ("nobody", 2)]


def test_enforced_does_not_raise_between_callbacks(local: Any) -> None:
    flags.set("use_context", "enforced")
    seen: List[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(setattr, local, "user", 1)
        loop.call_soon(lambda: seen.append(getattr(local, "user", "nobody")))
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert seen == ["nobody"]


def test_code_of_one_thread_works_alike_in_every_mode(local: Any, mode: str, in_thread: Callable[..., Any]) -> None:
    flags.set("use_context", mode)

    def work() -> Any:
        steps = [getattr(local, "user", None)]
        local.user = 1
        local.user += 1
        local.trace = "t"
        steps.append(dict(local.__dict__))
        del local.user
        steps.append(hasattr(local, "user"))
        local.__dict__.clear()
        steps.append(dict(local.__dict__))
        return steps

    expected = [None, {"user": 2, "trace": "t"}, False, {}]
    assert work() == expected
    assert in_thread(work) == expected
    assert differences(local) == {"bleed": 0, "inherited": 0, "lost": 0}


MODES = ("legacy", "shadow", "new", "enforced")


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", MODES)
def test_a_flip_neither_loses_nor_resurrects(local: Any, before: str, after: str) -> None:
    flags.set("use_context", before)
    local.user, local.trace = "ada", "gone"
    del local.trace
    flags.set("use_context", after)
    assert (local.user, hasattr(local, "trace")) == ("ada", False)
    del local.user
    flags.set("use_context", before)
    assert not hasattr(local, "user")


@pytest.mark.parametrize("rollback", ["legacy", "shadow"])
def test_a_rollback_does_not_make_running_requests_bleed(local: Any, rollback: str) -> None:
    flags.set("use_context", "new")

    async def request(number: int, meet: Any) -> Any:
        local.user = number
        await meet()
        flags.set("use_context", rollback)
        return local.user

    assert asyncio.run(together(5, request)) == [0, 1, 2, 3, 4]


def test_a_value_that_outlives_enforced_is_not_replaced_by_what_it_replaced(local: Any) -> None:
    local.user = "old"
    flags.set("use_context", "enforced")
    local.user = "new"
    flags.set("use_context", "legacy")
    assert local.user == "new"
    del local.user
    assert not hasattr(local, "user")


def test_a_percentage_chooses_by_the_rollout_key_of_the_context(local: Any) -> None:
    flags.set("use_context", "50%")

    async def request(number: int, meet: Any) -> Any:
        with context.use(rollout_key=number):
            chosen = flags.mode(local._outfall_store.flag, number) == "new"
            local.user = number
            await meet()
            return chosen, local.user

    results: List[Any] = asyncio.run(together(40, request))
    fresh = [number for number, (chosen, _) in enumerate(results) if chosen]
    assert 5 < len(fresh) < 35
    assert all(results[number][1] == number for number in fresh)


def test_pinned_flags_hold_for_a_request(local: Any) -> None:
    flags.set("use_context", "new")
    with flags.pinned():
        flags.set("use_context", "legacy")
        local.user = "ada"
    assert record(local).writes["new"].total() == 1


def test_rollbacks_and_hours_are_recorded(local: Any) -> None:
    for value in ("new", "legacy", "enforced", "shadow"):
        flags.set("use_context", value)
    evidence = record(local).as_evidence()
    assert (evidence["mode"], evidence["rollbacks"]) == ("shadow", 2)
    assert set(evidence["hours"]) == {"legacy", "shadow", "new", "enforced"}
    assert all(hours >= 0 for hours in evidence["hours"].values())


@pytest.fixture
def subclass() -> Iterator[Any]:
    calls: List[str] = []

    class Request(StagedContextLocal, name=f"test_staged_context.Request{next(NAMES)}"):
        def __init__(self, user: str) -> None:
            calls.append(user)
            self.user = user

    yield Request("ada")


def test_a_subclass_is_initialised_per_thread_the_old_way(subclass: Any, in_thread: Callable[..., Any]) -> None:
    subclass.user = "bob"
    assert contextvars.Context().run(getattr, subclass, "user") == "bob"
    assert in_thread(lambda: subclass.user) == "ada"


def test_a_subclass_is_initialised_per_context_the_new_way(in_thread: Callable[..., Any]) -> None:
    flags.set("use_context", "new")

    class Request(StagedContextLocal, name=f"test_staged_context.Request{next(NAMES)}"):
        def __init__(self, user: str) -> None:
            self.user = user

    request = Request("ada")
    request.user = "bob"
    assert contextvars.Context().run(getattr, request, "user") == "ada"
    assert in_thread(lambda: request.user) == "ada"
    assert request.user == "bob"
