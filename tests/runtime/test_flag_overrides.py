"""`flags.override`: for a block, a call or a generator, and undone in whatever order."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator, Iterator

import pytest

from outfall_runtime import UnknownFlag, flags


def test_an_override_is_undone_in_any_order() -> None:
    flags.declare("use_search")
    first, second = flags.override("use_search", "shadow"), flags.override("use_search", "new")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert flags.mode("use_search") == "new"
    second.__exit__(None, None, None)
    assert flags.mode("use_search") == "legacy"


def test_an_override_decorates_functions_and_coroutine_functions() -> None:
    flags.declare("use_search")

    @flags.override("use_search", "new")
    def plain() -> bool:
        return flags.enabled("use_search")

    @flags.override("use_search", "new")
    async def coroutine() -> bool:
        await asyncio.sleep(0)
        return flags.enabled("use_search")

    assert (plain(), asyncio.run(coroutine()), flags.enabled("use_search")) == (True, True, False)


def test_an_override_decorates_generator_functions_from_their_first_item_to_their_end() -> None:
    flags.declare("use_search")

    @flags.override("use_search", "new")
    def rows() -> Iterator[object]:
        received = yield flags.enabled("use_search")
        yield received, flags.enabled("use_search")
        return

    for end in (lambda one: list(one), lambda one: one.close()):
        generator: Any = rows()
        assert not flags.enabled("use_search")
        assert (next(generator), generator.send("x"), flags.enabled("use_search")) == (True, ("x", True), True)
        end(generator)
        assert not flags.enabled("use_search")


async def an_async_generator() -> AsyncIterator[int]:
    yield 1


class AClass:
    pass


@pytest.mark.parametrize(
    ("what", "kind"), [(AClass, "which is a class"), (an_async_generator, "which is an async generator function")]
)
def test_an_override_refuses_to_decorate_what_it_could_not_hold_for(what: Any, kind: str) -> None:
    flags.declare("use_search")
    with pytest.raises(TypeError, match=f"{kind}; decorate its methods, or say `with flags.override"):
        flags.override("use_search", "new")(what)


def test_an_override_of_an_unknown_flag_changes_nothing() -> None:
    before = flags.all()
    with pytest.raises(UnknownFlag), flags.override("use_serach_index", "new"):
        pass
    assert flags.all() == before
