"""What takes more than one step is atomic, and no lock is held while user code runs."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

import pytest

from outfall_runtime import AlreadyRegistered, Owner, Registry

Make = Callable[..., Any]
RunAll = Callable[[List[Callable[[], Any]]], None]


class Thing:
    """An owner, and a value, that can be referenced weakly."""


def test_a_value_is_made_once_however_many_threads_ask(make: Make, run_all: RunAll) -> None:
    table, made, gate = make(), [], threading.Barrier(8)

    def factory() -> object:
        made.append(threading.get_ident())
        gate_open.wait(0.05)
        return object()

    gate_open = threading.Event()
    found: List[object] = []

    def ask() -> None:
        gate.wait()
        found.append(table.get_or_create("a", factory))

    run_all([ask] * 8)
    assert (len(made), len(set(map(id, found)))) == (1, 1)


def test_a_failing_factory_leaves_nothing_and_the_next_one_is_asked() -> None:
    table: Registry[str, int] = Registry("test_registry.fails")
    with pytest.raises(ZeroDivisionError):
        table.get_or_create("a", lambda: 1 // 0)
    assert (table, table.get_or_create("a", lambda: 2)) == ({}, 2) or table == {"a": 2}


def test_a_factory_that_asks_for_its_own_key_gets_an_error_not_a_deadlock() -> None:
    table: Registry[str, int] = Registry("test_registry.recursive")
    with pytest.raises(RuntimeError, match="'a' is asked for by the very code that is making"):
        table.get_or_create("a", lambda: table.get_or_create("a", lambda: 1))
    assert table.get_or_create("a", lambda: table.get_or_create("b", lambda: 1) + 1) == 2


def test_increments_of_many_threads_add_up(make: Make, run_all: RunAll) -> None:
    table = make()
    run_all([lambda: [table.increment("a", 2) for _ in range(500)] and None] * 8)
    assert table == {"a": 8000}


def test_an_increment_keeps_the_owner() -> None:
    table: Registry[str, int] = Registry("test_registry.owned_count")
    owner = Thing()
    table.register("a", 1, owner=owner)
    assert table.increment("a") == 2
    del owner
    assert table == {}


def test_of_two_threads_that_register_one_wins(run_all: RunAll) -> None:
    for _ in range(50):
        table: Registry[str, int] = Registry("test_registry.wins")
        gate, refused = threading.Barrier(4), []

        def register(number: int) -> None:
            gate.wait()
            try:
                table.register("a", number)
            except AlreadyRegistered:
                refused.append(number)

        run_all([lambda number=number: register(number) for number in range(4)])
        assert len(refused) == 3
        assert table["a"] not in refused


class Key:
    """A key whose comparison does work on another thread, and waits for it."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        thread = threading.Thread(target=self.work)
        thread.start()
        thread.join(10)
        assert not thread.is_alive(), "deadlock"
        return self is other


def test_no_lock_is_held_while_keys_are_compared() -> None:
    table: Registry[Any, int] = Registry("test_registry.keys", limit=100)
    done: List[int] = []

    def work() -> None:
        name = f"other{len(done)}"
        table.register(name, 1)
        table.pop(name)
        done.append(1)

    table.register(Key(work), 1)
    table.register(Key(work), 2)
    table[Key(work)] = 3
    assert len(table) == 3
    assert done


class Dying:
    """A value that uses the table when it dies."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __del__(self) -> None:
        thread = threading.Thread(target=lambda: self.table.increment("deaths"))
        thread.start()
        thread.join(10)


def test_no_lock_is_held_while_values_die() -> None:
    table: Registry[str, Any] = Registry("test_registry.dying", limit=3)
    for number in range(6):
        table[f"k{number}"] = Dying(table)
        table.increment("deaths", 0)
    table.clear()
    assert set(table) <= {"deaths"}


class Remembering:
    """A value whose death asks its table for the very key that it was under."""

    def __init__(self, table: Any, seen: List[Any]) -> None:
        self.table = table
        self.seen = seen

    def __del__(self) -> None:
        self.seen.append(self.table.get_or_create("a", lambda: "made by the dead"))


@pytest.mark.parametrize(
    "displace",
    [
        lambda table: table.__setitem__("a", 1),
        lambda table: table.pop("a") and None,
        lambda table: table.unregister("a") and None,
        lambda table: table.update(a=1),
        lambda table: [table.__setitem__(f"k{number}", number) for number in range(9)],
        lambda table: table.clear(),
    ],
)
def test_a_dying_value_may_use_the_key_it_was_under(displace: Callable[[Any], Any]) -> None:
    table: Registry[str, Any] = Registry("test_registry_atomic.same", limit=9)
    seen: List[Any] = []
    table.register("a", Remembering(table, seen))
    displace(table)
    assert len(seen) == 1
    assert seen[0] in (1, "made by the dead")


def test_a_dying_owner_may_be_replaced_at_once() -> None:
    table: Registry[str, Any] = Registry("test_registry_atomic.owner", limit=9)
    seen: List[Any] = []
    owner = Owner()
    table.register("a", Remembering(table, seen), owner=owner)
    owner.end()
    assert (seen, dict(table)) == (["made by the dead"], {"a": "made by the dead"})


class Meddling:
    """A key that takes away whatever it is compared with."""

    def __init__(self, table: Any, errors: List[str]) -> None:
        self.table = table
        self.errors = errors

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        try:
            self.table.unregister(other)
        except RuntimeError as error:
            self.errors.append(str(error))
        return self is other


def test_code_that_wants_the_key_it_is_called_for_gets_an_error_not_a_deadlock() -> None:
    table: Registry[Any, int] = Registry("test_registry_atomic.meddling")
    errors: List[str] = []
    table.register(Meddling(table, errors), 1)
    table.register(1, 2)
    assert (list(table.values()), table.unregister(1)) == ([1, 2], 2)
    assert set(errors) == {"1 is asked for by the very code that is making or changing it"}


def test_a_thread_that_finds_a_key_claimed_waits_for_it(run_all: RunAll) -> None:
    table: Registry[str, int] = Registry("test_registry_atomic.waits")
    making, finish = threading.Event(), threading.Event()
    order: List[str] = []

    def make_it() -> int:
        making.set()
        finish.wait(10)
        order.append("made")
        return 1

    def remove_it() -> None:
        making.wait(10)
        threading.Timer(0.05, finish.set).start()
        order.append(f"removed {table.unregister('a')}")

    run_all([lambda: table.get_or_create("a", make_it), remove_it])
    assert (order, table) == (["made", "removed 1"], {})
