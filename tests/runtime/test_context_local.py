"""ContextLocal speaks threading.local's protocol; every case below also runs against the original."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any, Callable, List

import pytest

from outfall_runtime import ContextLocal, StagedContextLocal
from outfall_runtime._contexts.protocol import MOST_PROPERTIES


class Original(threading.local):
    """threading.local, made the way ours are."""

    def __init__(self, *names: str) -> None:
        super().__init__()


MAKERS = [Original, ContextLocal, StagedContextLocal]
Maker = Callable[..., Any]


@pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__)
def local(request: pytest.FixtureRequest) -> Any:
    return request.param("test_context_local.local", "user")


@pytest.mark.parametrize("name", ["user", "undeclared"])
def test_a_missing_attribute_is_an_attribute_error(local: Any, name: str) -> None:
    with pytest.raises(AttributeError) as read:
        getattr(local, name)
    with pytest.raises(AttributeError):
        delattr(local, name)
    assert str(read.value) == f"{type(local).__name__!r} object has no attribute {name!r}"
    assert not hasattr(local, name)
    assert getattr(local, name, "default") == "default"


def test_the_class_attribute_and_methods_are_not_values(local: Any) -> None:
    assert local.__dict__ == {}
    with pytest.raises(AttributeError):
        local.__dict__ = {}


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_cannot_be_pickled_or_copied(local: Any, copier: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="cannot pickle"):
        copier(local)


@pytest.mark.parametrize("name", ["user", "undeclared"])
def test_set_get_delete(local: Any, name: str) -> None:
    setattr(local, name, 1)
    setattr(local, name, 2)
    assert (getattr(local, name), hasattr(local, name), local.__dict__) == (2, True, {name: 2})
    delattr(local, name)
    assert (hasattr(local, name), local.__dict__) == (False, {})


def test_none_and_false_are_values(local: Any) -> None:
    local.user = None
    assert (hasattr(local, "user"), local.user) == (True, None)


def test_its_dict_reads_and_writes(local: Any) -> None:
    local.__dict__.update(user=1, trace=2)
    local.__dict__["span"] = 3
    assert (local.user, local.trace, local.span) == (1, 2, 3)
    assert local.__dict__.setdefault("user", 9) == 1
    assert local.__dict__.pop("trace") == 2
    assert local.__dict__.pop("trace", None) is None
    del local.__dict__["span"]
    assert vars(local) == {"user": 1}
    assert "user" in dir(local)
    local.__dict__.clear()
    assert (local.__dict__, hasattr(local, "user")) == ({}, False)


def test_a_thread_starts_without_values(local: Any, in_thread: Callable[..., Any]) -> None:
    local.user = "main"

    def other() -> Any:
        before = hasattr(local, "user")
        local.user = "other"
        return before, local.user

    assert in_thread(other) == (False, "other")
    assert local.user == "main"


def test_two_instances_of_one_name_have_values_of_their_own(local: Any) -> None:
    same_kind = type(local).__mro__[1]
    other = Original() if isinstance(local, Original) else same_kind("test_context_local.local", "user")
    local.user = 1
    assert not hasattr(other, "user")


@pytest.mark.parametrize("base", MAKERS, ids=lambda maker: maker.__name__)
def test_class_attributes_are_defaults(base: Any) -> None:
    class Request(base):  # type: ignore[misc]
        user = "nobody"
        depth = 0

        def __init__(self) -> None:
            pass

        def greet(self) -> str:
            return f"hello {self.user}"

        @property
        def shouted(self) -> str:
            return str(self.user).upper()

        @shouted.setter
        def shouted(self, value: str) -> None:
            self.user = value.lower()

    request = Request()
    assert (request.user, request.greet(), Request.user) == ("nobody", "hello nobody", "nobody")
    request.user = "ada"
    request.depth += 1
    assert (request.user, request.greet(), request.depth, Request.depth) == ("ada", "hello ada", 1, 0)
    request.shouted = "BOB"
    assert (request.user, request.shouted, request.__dict__) == ("bob", "BOB", {"user": "bob", "depth": 1})
    del request.user
    assert request.user == "nobody"
    assert isinstance(request, Request)


@pytest.mark.parametrize("base", MAKERS, ids=lambda maker: maker.__name__)
def test_a_subclass_is_initialised_once_per_thread_with_its_arguments(base: Any, in_thread: Callable[..., Any]) -> None:
    calls: List[int] = []

    class Request(base):  # type: ignore[misc]
        def __init__(self, user: str, *, depth: int = 0) -> None:
            calls.append(threading.get_ident())
            self.user = user
            self.depth = depth

    request = Request("ada", depth=3)
    request.user = "bob"
    assert in_thread(lambda: (request.depth, request.user)) == (3, "ada")
    assert (request.user, len(calls)) == ("bob", 2)


@pytest.mark.parametrize("base", [ContextLocal, StagedContextLocal])
def test_arguments_without_an_init_are_refused_as_by_the_original(base: Any) -> None:
    class Plain(base, name="test_context_local.Plain"):  # type: ignore[misc, call-arg]
        pass

    with pytest.raises(TypeError, match="Initialization arguments are not supported"):
        threading.local(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Initialization arguments are not supported"):
        Plain(1)
    assert Plain()._outfall_store.name == "test_context_local.Plain"


@pytest.mark.parametrize("arguments", [(), (1,), ("name", 2)])
def test_a_name_that_is_no_string_is_refused(arguments: Any) -> None:
    with pytest.raises(TypeError, match="takes its qualified name"):
        ContextLocal(*arguments)


def test_more_attribute_names_than_properties_still_work(local: Any) -> None:
    names = [f"name{number}" for number in range(3 * MOST_PROPERTIES)]
    for name in names:
        setattr(local, name, name)
    assert [getattr(local, name) for name in names] == names
    assert not hasattr(local, "never_set")
    delattr(local, names[-1])
    assert not hasattr(local, names[-1])
