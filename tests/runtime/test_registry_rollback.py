"""What a rollback brings back, and what it must not."""

from __future__ import annotations

import itertools
import threading
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import Owner, StagedRegistry, flags
from outfall_runtime._tables import policies

NAMES = (f"test_registry_rollback.table{number}" for number in itertools.count())


@pytest.fixture
def table() -> "StagedRegistry[Any, Any]":
    """In `new`, with room for two; key 1 was evicted, 2 and 3 are there."""
    made: StagedRegistry[Any, Any] = StagedRegistry(next(NAMES), limit=2)
    flags.set("use_registry", "new")
    made.update({1: "one", 2: "two", 3: "three"})
    assert list(made) == [2, 3]
    return made


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


def test_a_factory_that_fails_during_a_rollback_loses_nothing(table: Any) -> None:
    def factory() -> Any:
        flags.set("use_registry", "legacy")  # finds the key claimed
        raise ValueError

    with pytest.raises(ValueError):
        table.get_or_create(1, factory)
    assert table == {1: "one", 2: "two", 3: "three"}


def test_a_factory_that_succeeds_during_a_rollback_wins(table: Any) -> None:
    def factory() -> str:
        flags.set("use_registry", "legacy")
        return "made"

    assert table.get_or_create(1, factory) == "made"
    assert table == {1: "made", 2: "two", 3: "three"}


def beyond_the_limit(table: Any) -> None:
    table[4] = "four"


def owner_dies(table: Any) -> None:
    dict.__delitem__(table, 3)
    table.register(4, "four", owner=(owner := Owner()))
    table[3] = "three"
    owner.end()


@pytest.mark.parametrize("evict", [beyond_the_limit, owner_dies])
def test_an_eviction_that_a_rollback_overtakes_is_taken_back(
    table: Any, monkeypatch: pytest.MonkeyPatch, evict: Callable[[Any], None]
) -> None:
    """The value has left the table and is no tombstone yet when the rollback looks for tombstones."""
    counted = table._outfall.evicted
    add = counted.add

    def roll_back_first(amount: int = 1) -> None:
        monkeypatch.undo()
        add(amount)
        flags.set("use_registry", "legacy")

    monkeypatch.setattr(type(counted), "add", lambda _, amount=1: roll_back_first(amount))
    evict(table)
    assert table == {1: "one", 2: "two", 3: "three", 4: "four"}


def test_tombstones_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MOST_TOMBSTONES", 3)
    table: StagedRegistry[int, int] = StagedRegistry(next(NAMES), limit=1)
    flags.set("use_registry", "new")
    for number in range(10):
        table[number] = number
    flags.set("use_registry", "legacy")
    assert sorted(table) == [6, 7, 8, 9]


@pytest.mark.usefixtures("eager_switching")
def test_evictions_under_load_lose_nothing_at_a_rollback() -> None:
    """Eight threads add more keys than there is room for while the flag goes to and fro."""
    table: StagedRegistry[Any, int] = StagedRegistry(next(NAMES), limit=5)
    over = threading.Event()
    failures: List[BaseException] = []
    kept: List[Dict[Any, int]] = []

    def work() -> None:
        mine: Dict[Any, int] = {}
        try:
            for number in itertools.count():
                key = (threading.get_ident(), number)
                table[key] = mine[key] = number
                if number % 3 == 0:
                    table.pop(key, None)
                    del mine[key]
                if over.is_set() or number > 1000:
                    break
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            kept.append(mine)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(200):
        flags.set("use_registry", ("new", "shadow", "new", "legacy")[number % 4])
    over.set()
    for thread in threads:
        thread.join(60)
    assert failures == []
    flags.set("use_registry", "legacy")
    expected = {key: value for mine in kept for key, value in mine.items()}
    lost, resurrected = expected.keys() - table.keys(), table.keys() - expected.keys()
    assert (lost, resurrected) == (set(), set())
    assert dict(table) == expected
