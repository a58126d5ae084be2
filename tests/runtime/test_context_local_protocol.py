"""What threading.local does, ContextLocal does: one table of cases, each run on the original and on ours."""

from __future__ import annotations

import copy
import pickle
import threading
import weakref
from typing import Any, Callable, Dict, List, Tuple

import pytest

from outfall_runtime import ContextLocal, StagedContextLocal, flags


def plain(base: Any) -> Any:
    class Plain(base):  # type: ignore[misc]
        default = "class"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.user = args[0] if args else "nobody"
            self.__dict__.update(kwargs)

        def method(self) -> Any:
            return self.user

        @property
        def shouted(self) -> str:
            return str(self.user).upper()

    return Plain


def slotted(base: Any) -> Any:
    class Slotted(base):  # type: ignore[misc]
        __slots__ = ("shared",)

        def __init__(self) -> None:
            self.own = 1

    return Slotted


def hooked(base: Any) -> Any:
    class Hooked(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self.user = "ada"

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return f"no {name}"

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, ("set", value))

        def __delattr__(self, name: str) -> None:
            super().__delattr__(name)
            super().__setattr__("deleted", name)

    return Hooked


def watched(base: Any) -> Any:
    class Watched(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self.user = "ada"

        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            return found if name.startswith("_") or callable(found) else ("read", found)

    return Watched


class Mixin:
    def greet(self) -> str:
        return f"hello {self.user}"  # type: ignore[attr-defined]


def mixed(base: Any) -> Any:
    class Mixed(Mixin, base):  # type: ignore[misc]
        def __init__(self, user: str) -> None:
            super().__init__()
            self.user = user

    return Mixed


def nested(base: Any) -> Any:
    class Child(plain(base)):  # type: ignore[misc]
        default = "child"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.depth = len(self.__dict__)

    return Child


def picklable(base: Any) -> Any:
    class Picklable(base):  # type: ignore[misc]
        def __init__(self) -> None:
            self.user = "ada"

        def __reduce__(self) -> Any:
            return dict, ({"user": self.user},)

    return Picklable


def counting(base: Any) -> Any:
    calls: List[int] = []

    class Counting(base):  # type: ignore[misc]
        def __init__(self) -> None:
            calls.append(1)
            if len(calls) == 2:
                raise ValueError("the second time")
            self.number = len(calls)

    return Counting


def in_thread(function: Callable[[], Any]) -> Any:
    results: List[Any] = []
    thread = threading.Thread(target=lambda: results.append(outcome(function)))
    thread.start()
    thread.join(30)
    return results[0]


def outcome(function: Callable[[], Any]) -> Any:
    """What it gives, or the kind of error that it raises."""
    try:
        return function()
    except Exception as error:
        return type(error)


def do(*steps: Callable[[], Any]) -> List[Any]:
    return [outcome(step) for step in steps]


Case = Tuple[Callable[[Any], Any], Tuple[Any, ...], Callable[[Any], Any]]
CASES: Dict[str, Case] = {
    "a value, a default and a method": (plain, ("ada",), lambda it: (it.user, it.default, it.method(), it.shouted)),
    "no arguments": (plain, (), lambda it: it.user),
    "what is not there": (plain, (), lambda it: do(lambda: it.x, lambda: delattr(it, "x"), lambda: hasattr(it, "x"))),
    "a default is shadowed and comes back": (
        plain,
        (),
        lambda it: do(
            lambda: setattr(it, "default", 1), lambda: it.default, lambda: delattr(it, "default"), lambda: it.default,
        ),
    ),  # fmt: skip
    "a default cannot be deleted": (plain, (), lambda it: do(lambda: delattr(it, "default"), lambda: it.default)),
    "a property without setter": (
        plain,
        (),
        lambda it: do(lambda: setattr(it, "shouted", 1), lambda: delattr(it, "shouted")),
    ),
    "a method is shadowed": (plain, (), lambda it: do(lambda: setattr(it, "method", int), lambda: it.method())),
    "a name that is no identifier": (plain, (), lambda it: do(lambda: setattr(it, "a b", 1), lambda: it.__dict__)),
    "a name that is no string": (plain, (), lambda it: do(lambda: setattr(it, *[1, 1]), lambda: getattr(it, *[1]))),
    "its dict": (plain, ("ada",), lambda it: (it.__dict__, vars(it), list(it.__dict__), len(it.__dict__))),
    "its dict is nobody's to replace": (
        plain,
        (),
        lambda it: do(lambda: setattr(it, "__dict__", {}), lambda: delattr(it, "__dict__"), lambda: it.user),
    ),
    "its dict writes through": (
        plain,
        (),
        lambda it: do(
            lambda: it.__dict__.update(user=1, b=2), lambda: it.user,
            lambda: it.__dict__.pop("b"), lambda: hasattr(it, "b"),
        ),
    ),  # fmt: skip
    "its names": (plain, ("ada",), lambda it: sorted(name for name in dir(it) if not name.startswith("_"))),
    "its class": (plain, (), lambda it: (type(it).__name__, type(it).__module__, it.__class__.__qualname__)),
    "its class may not change": (plain, (), lambda it: do(lambda: setattr(it, "__class__", int))),
    "equality and hash": (plain, (), lambda it: (it == it, it != object(), hash(it) == hash(it), bool(it))),
    "weak references": (plain, (), lambda it: weakref.ref(it)() is it),
    "copies": (plain, (), lambda it: do(lambda: copy.copy(it), lambda: copy.deepcopy(it))),
    "pickles": (plain, (), lambda it: do(*(lambda number=number: pickle.dumps(it, number) for number in range(6)))),
    "a pickle of its own": (picklable, (), lambda it: (pickle.loads(pickle.dumps(it)), copy.deepcopy(it))),
    "a slot is shared by all threads": (
        slotted,
        (),
        lambda it: do(
            lambda: it.shared, lambda: setattr(it, "shared", 1), lambda: setattr(it, "own", 2),
            lambda: in_thread(lambda: (it.shared, it.own)), lambda: it.__dict__,
            lambda: delattr(it, "shared"), lambda: it.shared,
        ),
    ),  # fmt: skip
    "hooks of a subclass": (
        hooked,
        (),
        lambda it: do(
            lambda: (it.user, it.absent), lambda: setattr(it, "trace", 1), lambda: it.trace,
            lambda: delattr(it, "trace"), lambda: it.__dict__, lambda: delattr(it, "never"),
            lambda: in_thread(lambda: (it.user, it.trace, it.__dict__)),
        ),
    ),  # fmt: skip
    "a subclass that reads by itself": (
        watched,
        (),
        lambda it: do(lambda: it.user, lambda: setattr(it, "b", 1), lambda: it.b, lambda: it.c),
    ),
    "a mixin": (mixed, ("ada",), lambda it: (it.greet(), isinstance(it, Mixin), in_thread(it.greet))),
    "a child's init": (nested, ("ada",), lambda it: (it.user, it.depth, it.default, in_thread(lambda: it.depth))),
    "arguments in every thread": (plain, ("ada",), lambda it: in_thread(lambda: (it.user, it.__dict__))),
    "values of one thread": (
        plain,
        ("ada",),
        lambda it: do(
            lambda: setattr(it, "user", "bob"),
            lambda: in_thread(lambda: do(lambda: it.user, lambda: delattr(it, "user"), lambda: it.__dict__)),
            lambda: it.user,
        ),
    ),
    "an init that fails in another thread": (
        counting,
        (),
        lambda it: (it.number, in_thread(lambda: it.number), in_thread(lambda: it.number), it.number),
    ),
}


@pytest.mark.parametrize("mode", flags.MODES)
@pytest.mark.parametrize("base", [ContextLocal, StagedContextLocal])
@pytest.mark.parametrize("case", CASES)
def test_it_does_what_the_original_does(case: str, base: Any, mode: str) -> None:
    flags.set("use_context", mode)
    make, arguments, look = CASES[case]
    assert outcome(lambda: look(make(base)(*arguments))) == outcome(lambda: look(make(threading.local)(*arguments)))


@pytest.mark.parametrize("base", [ContextLocal, StagedContextLocal])
def test_where_it_differs(base: Any) -> None:
    """Its dict has the values of the moment and passes changes on; the original's is the store itself."""
    ours, original = plain(base)(), plain(threading.local)()
    for local in (ours, original):
        local.then = local.__dict__
        local.user = "ada"
    assert (ours.then["user"], ours.__dict__["user"], original.then["user"]) == ("nobody", "ada", "ada")
