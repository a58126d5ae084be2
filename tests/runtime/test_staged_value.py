"""StagedContextValue: one attribute of a thread-local on its way to a context value."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, List

import pytest

from outfall_runtime import StagedContextValue, flags
from outfall_runtime._common.states import book

NAMES = iter(range(10**9))


@pytest.fixture
def value() -> "StagedContextValue[Any]":
    return StagedContextValue(f"test_staged_value.value{next(NAMES)}")


def test_what_was_never_set_is_not_there_in_any_mode(value: "StagedContextValue[Any]", mode: str) -> None:
    flags.set("use_context", mode)
    assert (value.is_set(), value.get(None), value.get("other")) == (False, None, "other")
    with pytest.raises(LookupError, match=f"{value.name} has no value here and no default"):
        value.get()
    with pytest.raises(LookupError, match=f"{value.name} has no value here"):
        value.unset()


def test_a_default_answers_without_being_set(mode: str) -> None:
    flags.set("use_context", mode)
    value = StagedContextValue("test_staged_value.default", default=3)
    assert (value.get(), value.get(4), value.is_set()) == (3, 4, False)
    value.set(5)
    assert (value.get(), value.get(4), value.is_set()) == (5, 5, True)
    value.unset()
    assert (value.get(), value.is_set()) == (3, False)


def test_no_thread_sees_anothers(value: "StagedContextValue[Any]", mode: str, in_thread: Callable[..., Any]) -> None:
    flags.set("use_context", mode)
    value.set("ours")
    assert in_thread(lambda: value.get(None)) is None
    in_thread(lambda: value.set("theirs"))
    assert value.get() == "ours"


@pytest.mark.parametrize(("mode", "expected"), [("legacy", [1, 1]), ("shadow", [1, 1]), ("new", [0, 1]), ("enforced", [0, 1])])
def test_tasks_bleed_until_the_flag_is_new(value: "StagedContextValue[Any]", mode: str, expected: List[int]) -> None:
    flags.set(f"use_context:{value.name}", mode)

    async def request(number: int) -> Any:
        value.set(number)
        await asyncio.sleep(0)
        return value.get()

    async def both() -> List[Any]:
        return await asyncio.gather(request(0), request(1))

    assert asyncio.run(both()) == expected


def test_what_the_two_ways_differ_in_is_recorded_under_its_name(value: "StagedContextValue[Any]") -> None:
    flags.set("use_context", "shadow")
    value.set("before")

    async def request() -> Any:
        return value.get()

    async def set_and_ask() -> Any:
        await asyncio.create_task(_set(value, "another's"))
        return await asyncio.create_task(request())

    assert asyncio.run(set_and_ask()) == "another's"
    found = book.get(value.name)
    assert found is not None
    assert (found.bleed.total(), found.lost.total()) == (1, 0)


async def _set(value: "StagedContextValue[Any]", new: Any) -> None:
    value.set(new)
