"""The registry's siblings keep their types' semantics, in every mode."""

from __future__ import annotations

import copy
import pickle
import pprint
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any, Callable, Tuple

import pytest

import outfall_runtime
from outfall_runtime import flags
from outfall_runtime.testing import isolated
from outfall_runtime._common.states import book

Case = Tuple[str, Tuple[Any, ...], Any, Callable[[Any], Any]]
CASES = [
    ("ListRegistry", ([1, 2],), [1, 2], lambda it: it.append(3)),
    ("SetRegistry", ({1, 2},), {1, 2}, lambda it: it.add(3)),
    ("DequeRegistry", ([1, 2], 3), deque([1, 2], 3), lambda it: it.extend([3, 4])),
    ("DefaultRegistry", (list, {"a": [1]}), defaultdict(list, {"a": [1]}), lambda it: it[len(it)].append(1)),
    ("OrderedRegistry", ([("a", 1), ("b", 2)],), OrderedDict([("a", 1), ("b", 2)]), lambda it: it.move_to_end("a")),
    ("CounterRegistry", ("aab",), Counter("aab"), lambda it: it.update("bc")),
]


@pytest.fixture(params=CASES, ids=lambda case: case[0])
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture(params=["direct", *flags.MODES])
def made(request: pytest.FixtureRequest, case: Case) -> Tuple[Any, Any, Callable[[Any], Any]]:
    """A sibling, what its type makes of the same, and a change for both."""
    name, arguments, plain, change = case
    if request.param != "direct":
        flags.set("use_registry", request.param)
        name = f"Staged{name}"
    return getattr(outfall_runtime, name)("test_siblings.one", *arguments), copy.copy(plain), change


def test_it_is_its_type_and_changes_as_that(made: Any) -> None:
    ours, plain, change = made
    assert isinstance(ours, type(plain))
    assert (ours == plain, repr(ours), len(ours)) == (True, repr(plain), len(plain))
    change(ours)
    change(plain)
    assert (ours == plain, list(ours), repr(ours)) == (True, list(plain), repr(plain))
    ours.clear()
    assert (len(ours), bool(ours)) == (0, False)


@pytest.mark.parametrize(
    "copier", [copy.copy, copy.deepcopy, lambda it: it.copy(), lambda it: pickle.loads(pickle.dumps(it))]
)
def test_every_copy_is_plain(made: Any, copier: Callable[[Any], Any]) -> None:
    ours, plain, _ = made
    copied = copier(ours)
    assert (type(copied), copied == plain, repr(copied)) == (type(plain), True, repr(plain))


@pytest.mark.parametrize("recreate", [lambda it: type(it)(it), lambda it: type(it)(), lambda it: it.__class__(each for each in it)])
def test_generic_code_that_makes_another_of_its_type_makes_a_plain_one(made: Any, recreate: Callable[[Any], Any]) -> None:
    ours, plain, _ = made
    try:
        expected = recreate(plain)
    except (TypeError, ValueError) as error:  # of a defaultdict, whose factory comes first
        with pytest.raises(type(error)):
            recreate(ours)
        return
    assert (type(recreate(ours)), recreate(ours)) == (type(plain), expected)


@pytest.mark.parametrize(("base", "arguments"), [("Registry", ({},)), *((name, arguments) for name, arguments, _, _ in CASES)])
def test_a_subclass_may_name_itself(base: str, arguments: Tuple[Any, ...]) -> None:
    parent: Any = getattr(outfall_runtime, base)

    class Named(parent):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__("test_siblings.named", *arguments)

    assert type(Named()) is Named
    assert len(Named()) == len(parent("test_siblings.other", *arguments))


@pytest.mark.parametrize("copier", [copy.deepcopy, *(lambda it, p=p: pickle.loads(pickle.dumps(it, p)) for p in range(6))])
def test_what_holds_itself_is_copied_as_that(made: Any, copier: Callable[[Any], Any]) -> None:
    ours, plain, _ = made
    if isinstance(plain, (set, Counter)):
        return  # cannot hold, or count, what holds itself
    for one in (ours, plain):
        one.append(one) if hasattr(one, "append") else one.__setitem__("b", one)
    copied = copier(ours)
    inner = copied[-1] if hasattr(copied, "append") else copied["b"]
    assert (type(copied), inner is copied, repr(copied)) == (type(plain), True, repr(plain))


def test_a_list_is_printed_over_lines_as_before() -> None:
    for make in (outfall_runtime.ListRegistry, outfall_runtime.StagedListRegistry):
        assert pprint.pformat(make("test_siblings.long", list(range(60)))) == pprint.pformat(list(range(60)))


OPERATORS = {
    list: lambda it: it + [9],
    set: lambda it: (it | {9}, it & {1}, it - {1}, it.union([7])),
    deque: lambda it: it + deque([9]),
    defaultdict: lambda it: (it["a"], sorted(it)),
    OrderedDict: lambda it: list(it.items()),
    Counter: lambda it: (it + Counter("z"), it - Counter("a"), it.most_common(1)),
}


def test_operators_give_what_the_type_gives(made: Any) -> None:
    ours, plain, _ = made
    operate: Any = OPERATORS[type(plain)]
    assert operate(ours) == operate(plain)
    assert repr(operate(ours)) == repr(operate(plain))


def test_what_each_mode_counts(case: Case) -> None:
    name, arguments, _, change = case
    ours = getattr(outfall_runtime, f"Staged{name}")(f"test_siblings.{name}", *arguments)
    record = book.get(f"test_siblings.{name}")
    assert record is not None
    for mode in flags.MODES:
        flags.set("use_registry", mode)
        change(ours)
        assert len(ours) >= 2 and 99 not in ours
    assert record.writes["legacy"].total() == 0
    assert all(record.writes[mode].total() >= 1 for mode in ("shadow", "new", "enforced"))
    assert record.reads.total() >= 1


def test_isolation_puts_back_what_was_there(made: Any) -> None:
    ours, plain, change = made
    with isolated(empty=["test_siblings.one"]):
        assert len(ours) == 0
        ours.clear()
    with isolated():
        assert ours == plain
        change(ours)
    assert (ours == plain, list(ours), repr(ours)) == (True, list(plain), repr(plain))
    change(ours)
    change(plain)
    assert (list(ours), repr(ours)) == (list(plain), repr(plain))
