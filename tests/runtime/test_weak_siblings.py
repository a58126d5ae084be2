"""The weak siblings keep nothing alive, and keep their types' semantics in every mode."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any, Callable, List, Tuple
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import pytest

import outfall_runtime
from outfall_runtime import flags
from outfall_runtime._common.states import book
from outfall_runtime.testing import isolated


class Thing:
    """Something that can die."""


def put(ours: Any, thing: Thing) -> None:
    """Add one entry that lives as long as `thing`."""
    if isinstance(ours, WeakKeyDictionary):
        ours[thing] = 1
    elif isinstance(ours, WeakValueDictionary):
        ours[id(thing)] = thing
    else:
        ours.add(thing)


KINDS = [
    ("WeakKeyRegistry", WeakKeyDictionary),
    ("WeakValueRegistry", WeakValueDictionary),
    ("WeakSetRegistry", WeakSet),
]
Made = Tuple[Any, Any, List[Thing]]


@pytest.fixture(params=KINDS, ids=lambda kind: kind[0])
def kind(request: pytest.FixtureRequest) -> Tuple[str, Any]:
    found: Tuple[str, Any] = request.param
    return found


@pytest.fixture(params=["direct", *flags.MODES])
def made(request: pytest.FixtureRequest, kind: Tuple[str, Any]) -> Made:
    """A weak sibling and its plain type, both about the same three things."""
    name, plain_type = kind
    if request.param != "direct":
        flags.set("use_registry", request.param)
        name = f"Staged{name}"
    ours, plain, things = getattr(outfall_runtime, name)("test_weak.one"), plain_type(), [Thing(), Thing(), Thing()]
    for thing in things:
        put(ours, thing)
        put(plain, thing)
    return ours, plain, things


def test_it_keeps_nothing_alive(made: Made) -> None:
    ours, plain, things = made
    assert len(ours) == 3
    del things[0]
    gc.collect()
    assert (len(ours), len(plain)) == (2, 2)
    things.clear()
    gc.collect()
    assert (len(ours), list(ours)) == (0, [])


def test_it_cannot_be_pickled_just_as_its_type(made: Made) -> None:
    ours, plain, _ = made
    for one in (plain, ours):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            pickle.dumps(one)


def test_it_is_its_type_and_changes_as_that(made: Made) -> None:
    ours, plain, things = made
    assert isinstance(ours, type(plain))
    assert ours == plain
    ours.clear()
    assert (len(ours), list(ours)) == (0, [])
    put(ours, things[0])
    assert len(ours) == 1


@pytest.mark.parametrize("copier", [copy.copy, lambda it: it.copy()])
def test_every_copy_is_plain_and_weak(made: Made, copier: Callable[[Any], Any]) -> None:
    ours, plain, things = made
    copied = copier(ours)
    assert (type(copied), copied == plain) == (type(plain), True)
    things.clear()
    gc.collect()
    assert len(copied) == 0


def test_set_operators_give_plain_sets() -> None:
    one, other = Thing(), Thing()
    ours: Any = outfall_runtime.WeakSetRegistry("test_weak.set", [one])
    for result, expected in [
        (ours | {other}, {one, other}),
        (ours & {one}, {one}),
        (ours - {one}, set()),
        (ours ^ {other}, {one, other}),
        (ours.union([other]), {one, other}),
    ]:
        assert (type(result), set(result)) == (WeakSet, expected)


def test_what_each_mode_counts_and_that_a_death_is_no_write(kind: Tuple[str, Any]) -> None:
    ours = getattr(outfall_runtime, f"Staged{kind[0]}")("test_weak.counted")
    record = book.record("test_weak.counted", "table")
    before = {mode: record.writes[mode].total() for mode in flags.MODES}
    for mode in flags.MODES:
        flags.set("use_registry", mode)
        thing = Thing()
        put(ours, thing)
        del thing
        gc.collect()
        assert len(ours) == 0
    written = {mode: record.writes[mode].total() - before[mode] for mode in flags.MODES}
    assert written == {"legacy": 0, "shadow": 1, "new": 1, "enforced": 1}
    assert record.reads.total() >= 1


def test_isolation_puts_back_what_was_there(made: Made) -> None:
    ours, plain, things = made
    with isolated(empty=["test_weak.one"]):
        assert len(ours) == 0
        more = Thing()
        put(ours, more)
    assert (ours == plain, len(ours)) == (True, len(things))
