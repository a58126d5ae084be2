"""Registry: a dict in every way, with registering and metadata on top."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any, Callable, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall_runtime import AlreadyRegistered, Registry, StagedRegistry, flags
from outfall_runtime._common.states import book

Make = Callable[..., Any]


class Thing:
    """An owner, and a value, that can be referenced weakly."""


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
        lambda table: type(table)(table),
        lambda table: type(table)((key, value) for key, value in table.items()),
        lambda table: table.fromkeys("a", [1]),
    ],
)
def test_every_copy_is_a_plain_dict(make: Make, copier: Callable[[Any], Any]) -> None:
    copied = copier(make({"a": [1]}))
    assert (type(copied), copied) == (dict, {"a": [1]})


@pytest.mark.parametrize("copier", [lambda table: pickle.loads(pickle.dumps(table)), copy.deepcopy])
def test_a_table_that_holds_itself_is_copied_as_that(make: Make, copier: Callable[[Any], Any]) -> None:
    table = make({"a": 1})
    table["self"] = table
    copied = copier(table)
    assert (type(copied), copied["self"] is copied, repr(copied)) == (dict, True, "{'a': 1, 'self': {...}}")


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
        with pytest.raises(AlreadyRegistered, match=f"make.table: '{key}' is registered already"):
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
