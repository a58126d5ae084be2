"""What happens to a table while a rollback is going on is as if it had come before or after it."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest

from outfall_runtime import Owner, StagedRegistry, flags
from outfall_runtime._common.tallies import Tally
from outfall_runtime._tables import policies, upkeep
from outfall_runtime._tables.claims import Claims


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
    dict.__setitem__(table, 3, "three")  # past the limit, which would evict another one
    owner.end()


def first(
    monkeypatch: pytest.MonkeyPatch, owner: Any, method: str, act: Callable[[], None], when: Callable[[], bool] = lambda: True
) -> None:
    """Have `act` called at the next call of a method for which `when` says so, before it does anything."""
    original = getattr(owner, method)

    def interrupted(*args: Any) -> Any:
        if when():
            monkeypatch.undo()
            act()
        return original(*args)

    monkeypatch.setattr(owner, method, interrupted)


def roll_back() -> None:
    flags.set("use_registry", "legacy")


@pytest.mark.parametrize("evict", [beyond_the_limit, owner_dies])
@pytest.mark.parametrize("step", [(Tally, "add"), (Claims, "give_back")], ids=["on its way out", "out but claimed"])
def test_an_eviction_that_a_rollback_overtakes_is_taken_back(
    table: Any, monkeypatch: pytest.MonkeyPatch, evict: Callable[[Any], None], step: Tuple[Any, str]
) -> None:
    """The value has left the table already when the rollback looks for what can be brought back."""
    kept = table._outfall.tombstones
    first(monkeypatch, *step, roll_back, when=lambda: step[0] is Tally or any(table._outfall.held.keys() & kept.keys()))
    evict(table)
    assert table == {1: "one", 2: "two", 3: "three", 4: "four"}
    assert table._outfall.policy == policies.OFF


def test_a_registration_that_fails_during_a_rollback_loses_nothing(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first(monkeypatch, upkeep, "check_seconds", roll_back)
    with pytest.raises(ValueError, match="ttl is 0"):
        table.register(1, "newer", ttl=0)
    assert table == {1: "one", 2: "two", 3: "three"}


class Telling:
    """A key that calls `tell` the next time it is hashed when that is due."""

    tell: Optional[Callable[[], None]] = None

    def __init__(self, due: Callable[[], bool] = lambda: True) -> None:
        self.due = due

    def __hash__(self) -> int:
        tell = self.tell
        if tell is not None and self.due():
            self.tell = None
            tell()
        return 0


@pytest.mark.parametrize("delete", [lambda table, key: table.pop(key, None), lambda table, key: table.unregister(key)])
def test_shadow_watches_reads_though_a_key_was_just_deleted_when_it_came(table: Any, delete: Callable[[Any, Any], Any]) -> None:
    key, owner = Telling(due=lambda: bool(table._outfall.held)), Owner()
    table.register(key, "its value", owner=owner)
    owner.end()
    key.tell = lambda: flags.set("use_registry", "shadow")  # finds the key claimed
    with suppress(KeyError):
        delete(table, key)
    assert (key.tell, table) == (None, {1: "one", 2: "two", 3: "three"})
    before = table._outfall.record.reads.total()
    table.get(2)
    assert table._outfall.record.reads.total() == before + 1


def test_a_rollback_is_over_when_other_threads_have_brought_back_everything(
    table: Any, in_thread: Callable[[Callable[[], Any]], Any]
) -> None:
    """Else plain writes would not be watched any more, and what comes back late could undo one."""
    seen: List[Tuple[str, bool]] = []

    def roll_back_again() -> bool:
        flags.set("use_registry", "new")
        roll_back()
        seen.append((table._outfall.policy, any(one is key for one in dict.keys(table))))
        return True

    class Key:
        watched = False

        def __hash__(self) -> int:
            if self.watched and table._outfall.held and len(seen) < 10:
                self.watched = False
                in_thread(roll_back_again)
                self.watched = True
            return 0

    key = Key()
    dict.__delitem__(table, 2)
    table.register(key, "its value", owner=(owner := Owner()))
    owner.end()
    assert table == {3: "three"}
    key.watched = True
    roll_back()
    key.watched = False
    assert table == {1: "one", 3: "three", key: "its value"}
    assert table._outfall.policy == policies.OFF
    assert (policies.HOLD, False) in seen
    assert (policies.OFF, False) not in seen


def test_clear_does_not_take_what_came_after_it(table: Any) -> None:
    class Last:
        def __del__(self) -> None:
            owner = Owner()
            table.register("after", 1, owner=owner)
            owner.end()

    dict.__setitem__(table, 3, Last())
    table.clear()
    assert table == {}
    roll_back()
    assert table == {"after": 1}


def test_a_deletion_is_not_undone_though_the_rollback_before_it_did_not_last(table: Any) -> None:
    """It begins when writes are watched, and the key is evicted before it is there."""
    key, owner = Telling(), Owner()
    table.register(key, "its value", owner=owner)

    def evict() -> None:
        flags.set("use_registry", "new")
        owner.end()

    delete = type(table).pop
    roll_back()
    key.tell = evict
    delete(table, key, None)
    roll_back()
    assert table == {1: "one", 2: "two", 3: "three"}


def test_nothing_is_evicted_before_writes_are_watched(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner()
    roll_back()
    table.register(4, "four", owner=owner)

    def die_and_delete() -> None:
        owner.end()
        table.pop(4, None)

    first(monkeypatch, StagedRegistry, "_outfall_dress", die_and_delete, when=lambda: table._outfall.policy in policies.EVICTING)
    flags.set("use_registry", "new")
    roll_back()
    assert table == {1: "one", 2: "two", 3: "three"}


@pytest.mark.usefixtures("eager_switching")
def test_evictions_under_load_lose_nothing_at_a_rollback(run_all: Callable[..., None]) -> None:
    """Eight threads add more keys than there is room for while the flag goes to and fro."""
    table: StagedRegistry[Any, int] = StagedRegistry("test_registry_overtaken.table", limit=5)
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

    def flip() -> None:
        for number in range(200):
            flags.set("use_registry", ("new", "shadow", "new", "legacy")[number % 4])
        over.set()

    run_all([work] * 8 + [flip])
    assert failures == []
    flags.set("use_registry", "legacy")
    expected = {key: value for mine in kept for key, value in mine.items()}
    lost, resurrected = expected.keys() - table.keys(), table.keys() - expected.keys()
    assert (lost, resurrected) == (set(), set())
    assert dict(table) == expected
