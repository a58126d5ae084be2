"""What a rollback brings back, and what it must not."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from outfall_runtime import StagedRegistry, flags
from outfall_runtime._tables import policies


def test_what_was_written_past_the_api_is_not_replaced_by_what_was_evicted(table: Any) -> None:
    dict.__setitem__(table, 1, "newer")
    flags.set("use_registry", "legacy")
    assert table == {1: "newer", 2: "two", 3: "three"}


@pytest.mark.parametrize(
    "write",
    [
        lambda table: table.__setitem__(1, "newer"),
        lambda table: table.update({1: "newer"}),
        lambda table: table.__ior__({1: "newer"}),
        lambda table: table.setdefault(1, "newer"),
        lambda table: table.register(1, "newer"),
        lambda table: table.get_or_create(1, lambda: "newer"),
    ],
)
def test_a_key_that_was_written_since_keeps_what_was_written(table: Any, write: Callable[[Any], Any]) -> None:
    write(table)
    flags.set("use_registry", "legacy")
    assert table == {1: "newer", 2: "two", 3: "three"}


@pytest.mark.parametrize(
    "delete",
    [
        lambda table: table.pop(1, None),
        lambda table: table.__delitem__(1),
        lambda table: table.unregister(1),
    ],
)
def test_a_key_that_was_deleted_since_does_not_come_back(table: Any, delete: Callable[[Any], Any]) -> None:
    try:
        delete(table)
    except KeyError:
        pass
    flags.set("use_registry", "legacy")
    assert table == {2: "two", 3: "three"}


def test_nothing_comes_back_after_clear(table: Any) -> None:
    table.clear()
    flags.set("use_registry", "legacy")
    assert table == {}


def test_tombstones_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MOST_TOMBSTONES", 3)
    table: StagedRegistry[int, int] = StagedRegistry("test_registry_rollback.bounded", limit=1)
    flags.set("use_registry", "new")
    for number in range(10):
        table[number] = number
    flags.set("use_registry", "legacy")
    assert sorted(table) == [6, 7, 8, 9]
