"""The law of the siblings: whatever is done to one, in whatever modes, gives what its type gives."""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any, Callable, Dict, List, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import outfall_runtime
from outfall_runtime import flags
from outfall_runtime._common.interpreter import GLOBAL_LOCK

NUMBER = st.integers(-3, 6)
NUMBERS = st.lists(NUMBER, max_size=4)
PAIRS = st.dictionaries(NUMBER, NUMBER, max_size=4)
SLICE = st.builds(slice, st.none() | NUMBER, st.none() | NUMBER, st.none() | st.sampled_from([-2, -1, 1, 2]))

Step = Tuple[str, Tuple[Any, ...]]


def steps(*, none: str = "", number: str = "", two: str = "", numbers: str = "", pairs: str = "") -> Any:
    """Steps by what they take: nothing, a number, two numbers, numbers, pairs."""
    kinds: Dict[str, Tuple[Any, ...]] = {
        none: (), number: (NUMBER,), two: (NUMBER, NUMBER), numbers: (NUMBERS,), pairs: (PAIRS,)
    }  # fmt: skip
    return [st.tuples(st.sampled_from(names.split()), st.tuples(*given)) for names, given in kinds.items() if names]


SEQUENCE = dict(
    none="clear reverse copy __len__ __reversed__",
    number="append remove count index pop __contains__ __getitem__ __delitem__ __imul__ __mul__ __rmul__",
    two="insert __setitem__ index",
    numbers="extend __iadd__",
)
SETS = "__and__ __or__ __sub__ __xor__ __rsub__ __iand__ __ior__ __isub__ __ixor__ __le__ __lt__ __eq__ __ne__"
NAMED_SETS = (
    "update difference_update intersection_update symmetric_difference_update union difference intersection "
    "symmetric_difference isdisjoint issubset issuperset"
)
MAPPING = dict(
    none="clear copy keys values items popitem __len__ __reversed__",
    number="__getitem__ __delitem__ __contains__ get pop setdefault",
    two="__setitem__ get pop setdefault",
    pairs="update __or__ __ror__ __ior__ __eq__ __ne__",
)
KINDS: Dict[str, Tuple[Callable[..., Any], Tuple[Any, ...], List[Any]]] = {
    "ListRegistry": (
        list, ([3, 1],),
        [*steps(**SEQUENCE), st.tuples(st.sampled_from(["sort", "pop"]), st.just(())),
         st.tuples(st.just("__setitem__"), st.tuples(SLICE, NUMBERS)), st.tuples(st.just("__eq__"), st.tuples(NUMBERS)),
         st.tuples(st.sampled_from(["__getitem__", "__delitem__"]), st.tuples(SLICE))],
    ),
    "DequeRegistry": (
        deque, ([3, 1], 4),
        [*steps(**SEQUENCE), *steps(none="pop popleft rotate", number="appendleft rotate", numbers="extendleft"),
         st.tuples(st.sampled_from(["__add__", "__eq__"]), st.tuples(NUMBERS.map(deque)))],
    ),
    "SetRegistry": (
        set, ({3, 1},),
        [*steps(none="clear copy pop __len__", number="add discard remove __contains__", numbers=NAMED_SETS),
         st.tuples(st.sampled_from(SETS.split()), st.tuples(NUMBERS.map(set)))],
    ),
    "DefaultRegistry": (defaultdict, (int, {1: 1}), steps(**MAPPING)),
    "OrderedRegistry": (
        OrderedDict, ({1: 1, 2: 2},),
        [*steps(**MAPPING), st.tuples(st.just("move_to_end"), st.tuples(NUMBER, st.booleans()))],
    ),
    "CounterRegistry": (
        Counter, ([1, 1, 2],),
        [*steps(none=MAPPING["none"] + " elements most_common __pos__ __neg__", number=MAPPING["number"],
                two=MAPPING["two"], numbers="update subtract", pairs="update subtract"),
         st.tuples(st.sampled_from("__add__ __sub__ __or__ __and__ __iadd__ __isub__ __ior__ __iand__ __eq__".split()),
                   st.tuples(PAIRS.map(Counter)))],
    ),
}  # fmt: skip


def outcome(container: Any, step: Step) -> Any:
    """What a step gives, told apart from the container itself; else the error (a wrong call's message names the class)."""
    name, arguments = step
    try:
        result = getattr(container, name)(*copy.deepcopy(arguments))
        if hasattr(result, "__next__") or type(result).__name__.endswith(("_keys", "_values", "_items")):
            return list(result)
    except Exception as error:
        return type(error), "" if isinstance(error, TypeError) else str(error)
    if result is container:
        return "itself"
    return type(result), result, shown(result)


def shown(container: Any) -> str:
    """Its `repr`; of a set, whose order depends on how it was made, the sorted one."""
    return repr(sorted(container)) if isinstance(container, set) else repr(container)


def in_order(container: Any) -> List[Any]:
    """Its elements as a loop meets them; of a set without a global lock, which is looped over as a copy, sorted."""
    found = list(container)
    return sorted(found) if isinstance(container, set) and not GLOBAL_LOCK else found


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_it_does_what_its_type_does(kind: str, data: st.DataObject) -> None:
    make, arguments, given_steps = KINDS[kind]
    plain = make(*copy.deepcopy(arguments))
    ours = getattr(outfall_runtime, f"Staged{kind}")("test_siblings_law.one", *copy.deepcopy(arguments))
    for step in data.draw(st.lists(st.one_of(*given_steps), max_size=12)):
        flags.set("use_registry", data.draw(st.sampled_from(flags.MODES)))
        if not hasattr(plain, step[0]):
            continue  # not on this Python
        assert outcome(ours, step) == outcome(plain, step)
        assert (in_order(ours), shown(ours), ours == plain) == (in_order(plain), shown(plain), True)


def test_a_staged_set_is_looped_over_in_its_own_order() -> None:
    """Also after something was taken out, when a copy of it has another order."""
    plain = {0, 6, -1, -2}
    plain.pop()
    ours: Any = outfall_runtime.StagedSetRegistry("test_siblings_law.order", {0, 6, -1, -2})
    ours.pop()
    for mode in flags.MODES:
        flags.set("use_registry", mode)
        assert in_order(ours) == in_order(plain)
