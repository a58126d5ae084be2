"""What several threads do to one table or value truly at the same time, as on free-threaded builds, is as if one came after the other."""

from __future__ import annotations

import copy
import pickle
import sys
from collections import deque
from typing import Any, Callable, Dict, List

import pytest

from outfall_runtime import (
    AlreadyRegistered,
    CounterRegistry,
    DefaultRegistry,
    DequeRegistry,
    ListRegistry,
    OrderedRegistry,
    Registry,
    RegistryFull,
    SetRegistry,
    StagedDefaultRegistry,
    StagedRegistry,
    StagedSetRegistry,
    diagnostics,
    flags,
    tables,
)
from outfall_runtime._common.interpreter import GLOBAL_LOCK
from outfall_runtime._tables.backup import Item
from outfall_runtime._tables.contents import contents
from outfall_runtime._tables.refill import refill

Race = Callable[..., None]
UNSAFE = not GLOBAL_LOCK and sys.version_info < (3, 14)

pytestmark = pytest.mark.usefixtures("eager_switching")


class Thing:
    """An owner."""


def puts_and_takes(table: Any) -> Callable[[], None]:
    """A thread that adds something and takes it away again."""
    if isinstance(table, dict):
        return lambda: (table.__setitem__(99, 1), table.pop(99, None)) and None
    if isinstance(table, set):
        return lambda: (table.add(99), table.discard(99)) and None
    return lambda: (table.append(99), table.pop()) and None


def staged(cls: Any, mode: str, *initial: Any) -> Any:
    flags.set("use_registry", mode)
    return cls(f"test_races.{cls.__name__}", *initial)


PAIRS = {number: number for number in range(50)}
COPIED: Dict[str, Callable[[], Any]] = {
    "registry": lambda: Registry("test_races.dict", PAIRS),
    "staged registry": lambda: staged(StagedRegistry, "shadow", PAIRS),
    "set": lambda: SetRegistry("test_races.set", PAIRS),
    "staged set": lambda: staged(StagedSetRegistry, "shadow", PAIRS),
    "list": lambda: ListRegistry("test_races.list", PAIRS),
    "deque": lambda: DequeRegistry("test_races.deque", PAIRS),
    "defaultdict": lambda: DefaultRegistry("test_races.default", int, PAIRS),
    "staged defaultdict": lambda: staged(StagedDefaultRegistry, "shadow", int, PAIRS),
    "Counter": lambda: CounterRegistry("test_races.counter", PAIRS),
    "OrderedDict": lambda: OrderedRegistry("test_races.ordered", PAIRS),
}


@pytest.mark.parametrize("kind", COPIED)
def test_a_table_is_copied_while_others_change_it(kind: str, race: Race) -> None:
    if UNSAFE and kind == "OrderedDict":
        pytest.skip("a plain OrderedDict that two threads use crashes Python 3.13t")
    table = COPIED[kind]()

    def look() -> None:
        for found in (table.copy(), copy.copy(table), pickle.loads(pickle.dumps(table)), contents(table)):
            assert len(found) in (50, 51)
        assert repr(table).count("49") == 1 + isinstance(table, dict)
        tables.sizes()

    race(look, rounds=20, beside=(puts_and_takes(table),))


@pytest.mark.parametrize("kind", ["registry", "staged registry", "defaultdict", "staged defaultdict", "Counter"])
def test_what_copies_a_dict_in_one_step_copies_a_table_so(kind: str, race: Race) -> None:
    """As a service does before it loops over a table; in `shadow`, too, where a defaultdict would make anew what it misses."""
    table = COPIED[kind]()

    def look() -> None:
        listed = (list(table), sorted(table)) if GLOBAL_LOCK else ()  # which no subclass of dict can promise there
        for found in (dict(table), {**table}, list(table.items()), list(table.keys()), list(table.values()), *listed):
            assert len(found) in (50, 51)

    race(look, rounds=150, beside=(puts_and_takes(table),))
    assert 99 not in table


@pytest.mark.parametrize("kind", ["set", "staged set"])
def test_a_set_is_listed_while_others_change_it(kind: str, race: Race) -> None:
    table = COPIED[kind]()

    def look() -> None:
        assert {len(list(table)), len(sorted(table)), len(set(table))} <= {50, 51}

    race(look, rounds=200, beside=(puts_and_takes(table),))


def test_a_backup_shows_a_table_as_it_was_at_one_moment(race: Race) -> None:
    found: List[Any] = [Registry("test_races.pair", {"a": 0, "b": 0})]
    found.append(DefaultRegistry("test_races.default", int, {"a": 0, "b": 0}))
    numbers = iter(range(10**9))

    def change() -> None:
        number = next(numbers)
        for table in found:
            table["a"] = number
            table["b"] = number

    def look() -> None:
        for table in found:
            pair = dict(contents(table))
            assert pair["a"] - pair["b"] in (0, 1)

    race(look, rounds=500, beside=(change,))


def test_the_first_of_a_plain_write_and_get_or_create_stays() -> None:
    table: Registry[str, str] = Registry("test_races.made")

    def factory() -> str:
        table["a"] = "written meanwhile"  # nobody watches the writes of this table
        return "made"

    assert (table.get_or_create("a", factory), table) == ("written meanwhile", {"a": "written meanwhile"})


def test_of_register_and_setdefault_one_comes_first(race: Race) -> None:
    for _ in range(150):
        table: Registry[int, str] = Registry("test_races.first")
        registered, put = {}, {}

        def register() -> None:
            for number in range(40):
                try:
                    table.register(number, "registered", owner=table)
                    registered[number] = "registered"
                except AlreadyRegistered:
                    registered[number] = "put"

        def put_plainly() -> None:
            for number in range(40):
                put[number] = table.setdefault(number, "put")

        race(register, put_plainly)
        assert registered == put == table


def test_a_restore_never_overwrites_what_the_service_writes(race: Race) -> None:
    items = [Item(number, "old", {}, None) for number in range(40)]
    for _ in range(150):
        table: Registry[int, str] = Registry("test_races.restored")
        race(lambda: refill(table, items, False), lambda: [table.__setitem__(number, "new") for number in range(40)])
        assert set(table.values()) == {"new"}


def test_metadata_of_many_threads_add_up(race: Race) -> None:
    table: Registry[str, int] = Registry("test_races.metadata", {"a": 1})

    def update(thread: int) -> Callable[[], None]:
        numbers = iter(range(300))
        return lambda: table.update_metadata("a", **{f"{thread}.{next(numbers)}": True})

    race(*map(update, range(4)), rounds=300)
    assert (len(table.metadata("a")), table.find(**{"3.7": True})) == (1200, [("a", 1)])


def test_a_full_table_rejects_the_second_that_comes_for_its_last_place(race: Race) -> None:
    for _ in range(150):
        table: Registry[Any, int] = Registry("test_races.full", {number: 1 for number in range(9)}, limit=10, full="reject")
        accepted: List[int] = []

        def register(key: int) -> None:
            try:
                table.register(key, 1)
                accepted.append(key)
            except RegistryFull:
                pass

        race(*(lambda key=key: register(key) for key in (100, 101, 102)))  # type: ignore[misc]
        assert table == dict.fromkeys([*range(9), *accepted], 1)
        assert len(accepted) == 1


def test_a_table_at_its_limit_never_holds_less(race: Race) -> None:
    table: Registry[Any, int] = Registry("test_races.limit", dict.fromkeys(range(5), 1), limit=5)
    numbers = iter(range(10, 10**9))

    def add() -> None:
        table[next(numbers)] = 1
        assert len(table) >= 5

    race(add, add, add, rounds=1500)
    assert len(table) == 5


def test_what_was_written_while_its_key_was_evicted_stays() -> None:
    table: Registry[str, str] = Registry("test_races.evicted", {"a": "written"})
    table._outfall._evict(table, "a", None, "what the dead owner had")
    assert (table, table.stats()["evicted"]) == ({"a": "written"}, 0)


def test_owners_die_while_their_keys_change_hands(race: Race) -> None:
    table: Registry[str, object] = Registry("test_races.hands")
    dying: "deque[Thing]" = deque()

    def register_for_a_while() -> None:
        owner = Thing()
        try:
            table.register("a", object(), owner=owner)
        except AlreadyRegistered:
            return
        dying.append(owner)

    def register_for_good() -> None:
        value = object()
        try:
            table.register("a", value, owner=table)
        except AlreadyRegistered:
            return
        assert table.get("a") is value
        assert table.unregister("a") is value

    race(register_for_good, rounds=1500, beside=(register_for_a_while, lambda: dying and dying.popleft()))
    dying.clear()
    assert (table, table._outfall.held, table._outfall.entries) == ({}, {}, {})


def test_a_rollback_brings_back_what_owners_that_die_meanwhile_had(race: Race) -> None:
    for number in range(6):
        flags.set("use_registry", "new")
        table: StagedRegistry[int, int] = StagedRegistry(f"test_races.rollback.{number}")
        dying: "deque[Thing]" = deque()
        keys, modes = iter(range(100)), iter(("legacy", "new", "shadow", "new") * 10**6)

        def register() -> None:
            owner = Thing()
            key = next(keys)
            table.register(key, key, owner=owner)
            dying.append(owner)

        race(register, rounds=100, beside=(lambda: flags.set("use_registry", next(modes)), lambda: dying and dying.popleft()))
        dying.clear()
        flags.set("use_registry", "legacy")
        assert table == {key: key for key in range(100)}


def test_a_registration_that_is_going_on_is_no_stray_entry(race: Race) -> None:
    table: Registry[str, int] = Registry("test_races.diagnosed", {"a": 1})

    def churn() -> None:
        table.register("b", 1, owner=table)
        table.unregister("b")

    def look() -> None:
        assert [one.detail for one in diagnostics.check("tables") if "not there any more" in one.detail] == []

    race(look, rounds=150, beside=(churn,))
