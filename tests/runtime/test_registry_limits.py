"""Limits and time to live; what staging counts, evicts and gives back."""

from __future__ import annotations

import time
from typing import Any, Callable, List

import pytest

from outfall_runtime import Registry, RegistryFull, StagedRegistry, flags
from outfall_runtime._common.states import book


class Thing:
    """An owner, and a value, that can be referenced weakly."""


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"ttl": 0}, {"full": "explode"}])
def test_senseless_limits_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        Registry("test_registry.senseless", **wrong)


def test_the_oldest_go_at_the_limit() -> None:
    table: Registry[int, int] = Registry("test_registry.limit", limit=3)
    for number in range(10):
        table[number] = number
    table.update({10: 10, 11: 11})
    assert (list(table), table.stats()["evicted"]) == ([9, 10, 11], 9)


def test_a_full_registry_can_reject() -> None:
    table: Registry[str, int] = Registry("test_registry.full", limit=1, full="reject")
    table.register("a", 1)
    with pytest.raises(RegistryFull, match="holds 1 entries, its limit is 1"):
        table.register("b", 2)
    assert table == {"a": 1}


def test_an_entry_is_over_when_its_time_is_up(clock: Callable[[float], None]) -> None:
    table: Registry[str, int] = Registry("test_registry.ttl", ttl=10)
    table["a"] = 1
    table.register("b", 2, ttl=100)
    clock(9)
    assert dict(table) == {"a": 1, "b": 2}
    clock(1)
    assert (table.get("a"), "a" in table, len(table), list(table)) == (None, False, 1, ["b"])
    table.register("a", 3)
    clock(1000)
    assert (table.sweep(), table) == (2, {})


def test_staged_limits_count_first_and_evict_later_and_a_rollback_loses_nothing() -> None:
    table: StagedRegistry[int, int] = StagedRegistry("test_registry.staged_limit", limit=2)
    record = book.get("test_registry.staged_limit")
    assert record is not None
    table.update({1: 1, 2: 2, 3: 3})
    assert (len(table), record.would_evict.total()) == (3, 0)
    flags.set("use_registry", "shadow")
    table[4] = 4
    assert (len(table), record.would_evict.total()) == (4, 1)
    flags.set("use_registry", "new")
    table[5] = 5
    assert list(table) == [4, 5]
    del table[4]
    flags.set("use_registry", "legacy")
    assert table == {1: 1, 2: 2, 3: 3, 5: 5}
    flags.set("use_registry", "new")
    table[6] = 6
    flags.set("use_registry", "enforced")
    flags.set("use_registry", "legacy")
    assert len(table) == 2


def test_a_registration_that_new_would_refuse_is_only_counted_in_shadow() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_registry.staged_reject", limit=1, full="reject")
    record = book.get("test_registry.staged_reject")
    assert record is not None
    flags.set("use_registry", "shadow")
    for key in ("a", "b"):
        table.register(key, 1)
    assert (len(table), record.would_reject.total()) == (2, 1)
    flags.set("use_registry", "new")
    with pytest.raises(RegistryFull):
        table.register("c", 1)
    assert record.would_reject.total() == 1


def test_staged_owners_only_count_in_shadow() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_registry.staged_owner")
    record = book.get("test_registry.staged_owner")
    assert record is not None
    flags.set("use_registry", "shadow")
    owner = Thing()
    table.register("a", 1, owner=owner)
    del owner
    assert (table, record.would_evict.total()) == ({"a": 1}, 1)
    flags.set("use_registry", "new")
    assert table == {}
    flags.set("use_registry", "legacy")
    assert table == {"a": 1}


@pytest.mark.parametrize("ttl", [0, -1, float("nan")])
@pytest.mark.parametrize("call", ["register", "get_or_create"])
def test_a_senseless_time_to_live_of_one_entry_is_refused(call: str, ttl: float) -> None:
    table: Registry[str, Any] = Registry("test_registry_limits.senseless")
    with pytest.raises(ValueError, match="expected seconds above 0"):
        getattr(table, call)("a", int, ttl=ttl)
    assert table == {}
    table.register("a", 1)
    assert table == {"a": 1}


def test_a_loop_over_a_table_may_read_it_while_entries_expire(clock: Callable[[float], None]) -> None:
    table: Registry[int, int] = Registry("test_registry_limits.loop", {number: number for number in range(9)})
    for number in range(20, 30):
        table.register(number, number, ttl=number)
    seen: List[int] = []
    for key in table:
        seen.append(table.get(3, 0))
        if len(seen) == 2:
            clock(25)
    assert (len(seen), len(table)) == (19, 13)


def test_one_expired_key_is_gone_for_whoever_reads_it(clock: Callable[[float], None]) -> None:
    table: Registry[str, int] = Registry("test_registry_limits.one", ttl=10)
    table["a"] = table["b"] = 1
    clock(11)
    assert ("a" in table, table.get("b", 0), table.stats()["size"]) == (False, 0, 0)
    with pytest.raises(KeyError):
        table["a"]


def test_expired_entries_that_nobody_reads_go_when_others_come(clock: Callable[[float], None]) -> None:
    table: Registry[int, int] = Registry("test_registry_limits.unread")
    for number in range(100):
        table.register(number, number, ttl=10)
        clock(1)
    assert dict.__len__(table) <= 11


def test_changing_a_key_in_a_loop_does_not_change_the_size(clock: Callable[[float], None]) -> None:
    table: Registry[int, int] = Registry("test_registry_limits.change", {1: 1, 2: 2, 3: 3})
    table.register(4, 4, ttl=5)
    for key in table:
        clock(3)
        table[key] = 0
        table.increment(key)
    assert table == {1: 1, 2: 1, 3: 1, 4: 1}


def test_steps_of_the_wall_clock_change_nothing(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    table: Registry[str, int] = Registry("test_registry_limits.wall", ttl=10)
    table["a"] = 1
    for now in (0.0, 4e9):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert table == {"a": 1}


def test_an_entry_that_comes_during_a_sweep_is_not_forgotten(clock: Callable[[float], None]) -> None:
    """The sweep has listed the entries already when a shorter-lived one comes."""
    table: Registry[str, Any] = Registry("test_registry_limits.during", ttl=100)

    class Owning:
        def done(self) -> bool:
            if "late" not in table._outfall.entries and asked:
                table.register("late", 1, ttl=5)
            return False

        def add_done_callback(self, function: Any) -> None:
            asked.clear()

    asked: List[int] = []
    owner = Owning()
    table.register("a", 1, owner=owner)
    asked.append(1)
    table.sweep()
    assert dict.__contains__(table, "late")
    clock(6)
    assert list(table) == ["a"]


def test_a_table_that_takes_the_class_it_needs_while_another_thread_dials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag goes to `new` after the other thread saw that nothing needs to be watched."""
    table: StagedRegistry[str, int] = StagedRegistry("test_registry_limits.dress", limit=1)
    wanted = StagedRegistry._outfall_wanted

    def overtaken(self: Any) -> Any:
        found = wanted(self)
        monkeypatch.undo()
        flags.set("use_registry", "new")
        return found

    monkeypatch.setattr(StagedRegistry, "_outfall_wanted", overtaken)
    table._outfall_dress()
    table["a"] = 1
    table["b"] = 2
    assert table == {"b": 2}
