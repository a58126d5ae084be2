"""Slot, module property and Lazy."""

from __future__ import annotations

import asyncio
import sys
import threading
import types
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from outfall_runtime import UNSET, Lazy, Slot, module_property


# -- Slot


def test_an_empty_slot_has_no_value() -> None:
    slot: Slot[int] = Slot("test_values.empty")
    with pytest.raises(LookupError, match="test_values.empty has no value yet"):
        slot.get()
    assert slot.get_or(7) == 7
    slot.set(1)
    slot.clear()
    assert slot.get_or(7) == 7


def test_a_slot_swaps_and_compares_by_identity() -> None:
    first, second, equal = [1], [2], [1]
    slot: Slot[List[int]] = Slot("test_values.slot", first)
    assert not slot.compare_and_set(equal, second)
    assert slot.get() is first
    assert slot.compare_and_set(first, second)
    assert slot.swap(first) is second
    assert (slot.get(), repr(slot)) == ([1], "<Slot test_values.slot>")


def test_the_value_is_read_assigned_and_deleted_as_a_name_is() -> None:
    slot: Slot[List[int]] = Slot("test_values.value", [1])
    slot.value += [2]
    first, slot.value = slot.value, [3]
    assert (first, slot.value) == ([1, 2], [3])
    for slot.value in ([4], [5]):
        pass
    assert slot.get() == [5]
    del slot.value
    with pytest.raises(LookupError, match="test_values.value has no value yet"):
        slot.value  # noqa: B018
    with pytest.raises(LookupError, match="test_values.value has no value yet"):
        del slot.value


def test_a_slot_is_set_by_what_interrupts_its_own_setting() -> None:
    slot: Slot[str] = Slot("test_values.interrupted", "before")
    interrupted: List[int] = []

    def interrupt(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code is not Slot.swap.__code__ or sys.gettrace() is None:
            return None
        if event == "line":  # as a signal handler would, between any two steps
            sys.settrace(None)
            interrupted.append(frame.f_lineno)
            slot.set("handler")
            sys.settrace(interrupt)
        return interrupt

    def run() -> None:
        sys.settrace(interrupt)
        slot.set("outer")
        sys.settrace(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert len(interrupted) >= 3
    assert slot.value in ("outer", "handler")


def test_updates_of_many_threads_add_up(run_all: Callable[..., None]) -> None:
    slot: Slot[int] = Slot("test_values.updates", 0)
    run_all([lambda: [slot.update(lambda value: value + 1) for _ in range(500)] and None] * 8)
    assert slot.get() == 4000


def test_none_is_a_value() -> None:
    slot: Slot[Any] = Slot("test_values.none", None)
    assert slot.get() is None
    assert slot.swap(1) is None
    assert repr(UNSET) == "UNSET"


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    name = "test_values_module"
    made = types.ModuleType(name)
    made.CONFIG = "shadowed"  # type: ignore[attr-defined]
    made.other = 1  # type: ignore[attr-defined]
    sys.modules[name] = made
    yield made
    del sys.modules[name]


def test_a_module_property_is_an_attribute_for_outsiders(module: Any) -> None:
    slot: Slot[str] = Slot("test_values_module.CONFIG", "default")
    module_property(module.__name__, "CONFIG", slot)
    from test_values_module import CONFIG  # type: ignore[import-not-found]

    assert (CONFIG, module.CONFIG, module.other) == ("default", "default", 1)
    module.CONFIG = "outside"
    assert slot.get() == "outside"
    slot.set("inside")
    assert getattr(module, "CONFIG") == "inside"
    del module.CONFIG
    with pytest.raises(AttributeError, match="module 'test_values_module' has no attribute 'CONFIG'"):
        _ = module.CONFIG
    with pytest.raises(AttributeError):
        del module.CONFIG


def test_a_module_has_several_properties_and_its_neighbours_none(module: Any) -> None:
    first, second = Slot("m.A", 1), Slot("m.B", 2)
    module_property(module.__name__, "A", first)
    module_property(module.__name__, "B", second)
    assert (module.A, module.B, hasattr(types.ModuleType("x"), "A")) == (1, 2, False)


def test_a_module_lists_its_properties_that_have_a_value(module: Any) -> None:
    first: Slot[Any] = Slot("m.A", 1)
    module_property(module.__name__, "A", first)
    module_property(module.__name__, "B", Slot("m.B", UNSET))
    before = dir(module)
    assert (before.count("A"), "B" in before, "other" in before) == (1, False, True)
    first.set(UNSET)
    assert "A" not in dir(module)
    module.__dir__ = lambda: ["own"]
    module.B = 2
    assert dir(module) == ["own"]  # as it would without properties


LOADED = "from outfall_runtime import Slot, module_property\nslot = Slot('m.LEVEL', 1)\nmodule_property(__name__, 'LEVEL', slot)\n"


def test_a_module_that_is_loaded_by_its_path_need_not_be_known_by_name(module: Any, tmp_path: Path) -> None:
    (tmp_path / "plugin.py").write_text(LOADED, encoding="utf-8")
    module_property(module.__name__, "LEVEL", Slot("m.OTHER", 5))
    for name in ("nowhere", module.__name__):
        spec = spec_from_file_location(name, tmp_path / "plugin.py")
        assert spec is not None and spec.loader is not None
        loaded: Any = module_from_spec(spec)
        spec.loader.exec_module(loaded)
        loaded.LEVEL = 2
        assert (loaded.slot.value, module.LEVEL) == (2, 5)


def test_code_that_is_run_in_a_plain_dict_leaves_the_value_there() -> None:
    namespace: Dict[str, Any] = {"__name__": "nowhere"}
    exec(LOADED + "module_property(__name__, 'NONE', Slot('m.NONE'))\n", namespace)
    assert (namespace["LEVEL"], "NONE" in namespace) == (1, False)


def test_monkeypatch_works_on_a_module_property(module: Any) -> None:
    slot: Slot[int] = Slot("m.PATCHED", 1)
    module_property(module.__name__, "PATCHED", slot)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PATCHED", 2)
        assert slot.get() == 2
    assert slot.get() == 1


# -- Lazy


def test_a_lazy_value_is_made_once(run_all: Callable[..., None]) -> None:
    made: List[int] = []
    gate = threading.Barrier(8)
    found: List[int] = []

    def factory() -> int:
        made.append(1)
        threading.Event().wait(0.05)
        return 7

    lazy: Lazy[int] = Lazy("test_values.lazy", factory)

    def ask() -> None:
        gate.wait()
        found.append(lazy.get())

    assert not lazy.ready()
    run_all([ask] * 8)
    assert (made, found, lazy.ready()) == ([1], [7] * 8, True)


def test_a_failure_is_not_remembered() -> None:
    outcomes = iter([ZeroDivisionError(), 5])

    def factory() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return int(str(outcome))

    lazy: Lazy[int] = Lazy("test_values.fails", factory)
    with pytest.raises(ZeroDivisionError):
        lazy.get()
    assert lazy.get() == 5


def test_a_factory_that_asks_for_itself_gets_an_error_not_a_deadlock() -> None:
    lazy: Lazy[int] = Lazy("test_values.recursive", lambda: lazy.get())
    with pytest.raises(RuntimeError, match="asked for by the very code"):
        lazy.get()


def test_tasks_await_one_making() -> None:
    made: List[int] = []

    async def factory() -> int:
        made.append(1)
        await asyncio.sleep(0.01)
        return 7

    lazy: Lazy[int] = Lazy("test_values.async", factory)

    async def main() -> List[int]:
        return await asyncio.gather(*(lazy.aget() for _ in range(20)))

    assert (asyncio.run(main()), made) == ([7] * 20, [1])


def test_a_cancelled_maker_hands_over_to_one_who_waits() -> None:
    made: List[int] = []

    async def factory() -> int:
        made.append(1)
        await asyncio.sleep(0.01 if len(made) > 1 else 60)
        return 7

    lazy: Lazy[int] = Lazy("test_values.cancelled", factory)

    async def main() -> Any:
        first = asyncio.ensure_future(lazy.aget())
        await asyncio.sleep(0)
        others = [asyncio.ensure_future(lazy.aget()) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        return await asyncio.gather(first, *others, return_exceptions=True)

    first, *others = asyncio.run(main())
    assert isinstance(first, asyncio.CancelledError)
    assert (others, made) == ([7, 7, 7], [1, 1])


def test_a_reset_value_is_made_anew() -> None:
    numbers = iter(range(9))
    lazy: Lazy[int] = Lazy("test_values.reset", lambda: next(numbers))
    assert lazy.get() == 0
    lazy.reset()
    assert (lazy.get(), repr(lazy)) == (1, "<Lazy test_values.reset: ready>")
