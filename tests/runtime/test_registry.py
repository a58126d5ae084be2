"""Registry: a dict in every way; owners, limits and atomic steps on top."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall_runtime import AlreadyRegistered, Owner, Registry, RegistryFull, StagedRegistry, flags
from outfall_runtime._states import book

Make = Callable[..., Any]


class Thing:
    """An owner, and a value, that can be referenced weakly."""


@pytest.fixture(params=["direct", "legacy", "shadow", "new", "enforced"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes registries of every kind, in every mode."""
    if request.param == "direct":
        return lambda *args, **kwargs: Registry("test_registry.table", *args, **kwargs)
    flags.set("use_registry", request.param)
    return lambda *args, **kwargs: StagedRegistry("test_registry.table", *args, **kwargs)


# -- a dict


def test_what_a_dict_refuses_a_registry_refuses(make: Make) -> None:
    table = make({"a": 1})
    for wrong in (lambda: table["b"], lambda: table.pop("b"), lambda: make().popitem(), lambda: table.__delitem__("b")):
        with pytest.raises(KeyError):
            wrong()
    with pytest.raises(TypeError):
        table[[]] = 1
    with pytest.raises(TypeError):
        hash(table)


def test_it_is_a_dict_for_everybody_who_looks(make: Make) -> None:
    table = make({"a": 1})
    assert isinstance(table, dict)
    assert (repr(table), str(table), json.dumps(table)) == ("{'a': 1}", "{'a': 1}", '{"a": 1}')
    assert (table == {"a": 1}, {"a": 1} == table, table != {}, bool(table), len(table)) == (True, True, True, True, 1)
    assert (lambda **names: names)(**table) == {"a": 1}


@pytest.mark.parametrize(
    "copier",
    [
        lambda table: pickle.loads(pickle.dumps(table)),
        copy.copy,
        copy.deepcopy,
        lambda table: table.copy(),
        lambda table: table | {},
        lambda table: {} | table,
        dict,
    ],
)
def test_every_copy_is_a_plain_dict(make: Make, copier: Callable[[Any], Any]) -> None:
    copied = copier(make({"a": [1]}))
    assert (type(copied), copied) == (dict, {"a": [1]})


STEPS = st.one_of(
    st.tuples(st.just("__setitem__"), st.integers(0, 5), st.integers()),
    st.tuples(st.sampled_from(["pop", "setdefault", "get"]), st.integers(0, 5), st.integers()),
    st.tuples(st.sampled_from(["__delitem__", "__getitem__", "__contains__"]), st.integers(0, 5)),
    st.tuples(st.sampled_from(["clear", "popitem", "copy", "__len__"])),
    st.tuples(st.sampled_from(["update", "__ior__"]), st.dictionaries(st.integers(0, 5), st.integers())),
)


def outcome(table: Any, step: Any) -> Any:
    try:
        result = getattr(table, step[0])(*step[1:])
    except Exception as error:
        return type(error)
    return "itself" if result is table else result


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=25), managed=st.booleans(), flips=st.lists(st.sampled_from(flags.MODES)))
def test_it_does_what_a_dict_does(steps: List[Any], managed: bool, flips: List[str]) -> None:
    plain: Dict[int, int] = {0: 0}
    table = StagedRegistry("test_registry.law", {0: 0}, limit=1000 if managed else None)
    modes = iter(flips)
    for step in steps:
        with flags.override("use_registry", next(modes, "new")):
            assert outcome(table, step) == outcome(plain, step)
            assert list(table.items()) == list(plain.items())
    assert table == plain


# -- registering


def test_a_key_is_registered_once_while_its_owner_lives(make: Make) -> None:
    table, owner = make({"plain": 1}), Thing()
    table.register("a", 1, owner=owner)
    for key in ("a", "plain"):
        with pytest.raises(AlreadyRegistered, match=f"test_registry.table: '{key}' is registered already"):
            table.register(key, 2)
    assert dict(table) == {"plain": 1, "a": 1}
    assert table.unregister("a") == 1
    with pytest.raises(KeyError):
        table.unregister("a")


def test_an_owner_without_weak_references_is_refused_and_changes_nothing() -> None:
    table: Registry[str, int] = Registry("test_registry.owner")
    with pytest.raises(TypeError):
        table.register("a", 1, owner=17)
    assert table == {}
    table.register("a", 1)
    assert table == {"a": 1}


def end_object(end: Callable[[Any], None]) -> None:
    owner = Thing()
    end(owner)
    del owner


def end_cycle(end: Callable[[Any], None]) -> None:
    owner: Any = Thing()
    owner.me = owner
    end(owner)
    del owner
    gc.collect()


def end_explicitly(end: Callable[[Any], None]) -> None:
    with Owner("worker") as owner:
        end(owner)


def end_thread(end: Callable[[Any], None]) -> None:
    thread = threading.Thread(target=lambda: end(threading.current_thread()))
    thread.start()
    thread.join()


def end_task(end: Callable[[Any], None]) -> None:
    async def task() -> None:
        end(asyncio.current_task())

    asyncio.run(task())


def end_cancelled_task(end: Callable[[Any], None]) -> None:
    async def task() -> None:
        end(asyncio.current_task())
        await asyncio.sleep(60)

    async def main() -> None:
        running = asyncio.ensure_future(task())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())


def end_future(end: Callable[[Any], None]) -> None:
    future: "Future[None]" = Future()
    end(future)
    future.set_result(None)


ENDINGS = [end_object, end_cycle, end_explicitly, end_thread, end_task, end_cancelled_task, end_future]


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_entry_goes_when_its_owner_ends(ending: Callable[[Callable[[Any], None]], None]) -> None:
    table: Registry[str, Any] = Registry("test_registry.ends", {"stays": 0})
    seen: List[bool] = []

    def register(owner: Any) -> None:
        table.register("goes", 1, owner=owner)
        seen.append("goes" in table)

    ending(register)
    assert seen == [True]
    assert table == {"stays": 0}
    table.register("goes", 2)
    assert table["goes"] == 2


def gone_within(table: Any, key: str, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while key in table and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    return key not in table


def test_an_entry_goes_when_another_thread_or_a_process_ends() -> None:
    table: Registry[str, int] = Registry("test_registry.polled")
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    table.register("thread", 1, owner=thread)
    table.register("process", 2, owner=process)
    assert (set(table), table.stats()["owned"]) == ({"thread", "process"}, 2)
    release.set()
    process.communicate(b"\n")
    thread.join()
    assert gone_within(table, "thread")
    assert gone_within(table, "process")


def test_the_death_of_an_earlier_owner_does_not_touch_what_came_after() -> None:
    table: Registry[str, str] = Registry("test_registry.later")
    first, second = Thing(), Thing()
    table.register("a", "first", owner=first)
    table["a"] = "assigned"
    del first
    assert table == {"a": "assigned"}
    del table["a"]
    table.register("a", "second", owner=second)
    assert table == {"a": "second"}
    table.clear()
    del second
    assert (table, table.stats()["owned"]) == ({}, 0)


def test_a_value_may_own_itself_and_be_part_of_a_cycle_with_its_table() -> None:
    table: Registry[str, Any] = Registry("test_registry.self")
    owner = Owner()
    table.register("a", table, owner=owner)
    owner.end()
    assert len(table) == 0


def test_a_million_registrations_by_one_owner_leave_nothing_behind() -> None:
    table: Registry[str, int] = Registry("test_registry.churn")
    owner = Owner()
    for number in range(5000):
        table.register("a", number, owner=owner)
        table.unregister("a")
    assert len(owner._deaths._waiting) < 100
    assert table._outfall.entries == {}


def test_metadata_is_kept_found_and_changed(make: Make) -> None:
    table = make({"plain": 0})
    table.register("a", 1, metadata={"team": "search"})
    table.register("b", 2, metadata={"team": "ads"})
    table.update_metadata("a", port=80)
    table.update_metadata("plain", team="search")
    assert table.metadata("a") == {"team": "search", "port": 80}
    assert table.find(team="search") == [("plain", 0), ("a", 1)]
    assert table.find(team="search", port=80) == [("a", 1)]
    assert table.find(nothing=None) == []
    for call in (table.metadata, table.update_metadata):
        with pytest.raises(KeyError):
            call("absent")


def test_assigning_a_key_forgets_what_was_known_about_it() -> None:
    table: Registry[str, int] = Registry("test_registry.forget")
    table.register("a", 1, metadata={"team": "search"})
    table["a"] = 2
    assert table.metadata("a") == {}


# -- atomic steps


def test_a_value_is_made_once_however_many_threads_ask(make: Make) -> None:
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


def test_increments_of_many_threads_add_up(make: Make) -> None:
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


def test_of_two_threads_that_register_one_wins() -> None:
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


def run_all(work: List[Callable[[], Any]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


# -- limits and time to live


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


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


# -- what is counted


def test_what_each_mode_counts() -> None:
    table: StagedRegistry[str, int] = StagedRegistry("test_registry.counts")
    record = book.get("test_registry.counts")
    assert record is not None
    for mode in flags.MODES:
        flags.set("use_registry", mode)
        table["a"] = 1
        table.pop("a")
        assert "a" not in table
    evidence = record.as_evidence()
    assert evidence["writes"] == {"legacy": 0, "shadow": 2, "new": 2, "enforced": 2}
    assert evidence["reads"] == {"legacy": 0, "shadow": 1, "new": 0, "enforced": 0}


def test_legacy_and_new_read_with_the_methods_of_dict(make: Make) -> None:
    table = make({"a": 1})
    classes = type(table).__mro__[: type(table).__mro__.index(dict)]
    own = {name for cls in classes for name in vars(cls)} & {"__getitem__", "get", "__contains__"}
    watched = isinstance(table, StagedRegistry) and flags.mode("use_registry") == "shadow"
    assert own == ({"__getitem__", "get", "__contains__"} if watched else set())


def test_a_subclass_stays_itself() -> None:
    class Agents(Registry[str, int]):
        def first(self) -> int:
            return next(iter(self.values()))

    agents = Agents("test_registry.subclass")
    agents.register("a", 1, owner=(owner := Thing()))
    assert (agents.first(), isinstance(agents, Agents), owner is not None) == (1, True, True)
