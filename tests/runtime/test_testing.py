"""The isolation that test suites of users rely on."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from outfall_runtime import (
    ContextLocal,
    Lazy,
    Registry,
    Slot,
    StagedContextLocal,
    StagedRegistry,
    context,
    flags,
)
from outfall_runtime.testing import isolated


def test_everything_is_as_before_even_after_a_failure() -> None:
    table: Registry[str, int] = Registry("test_testing.table", {"kept": 1})
    staged: StagedRegistry[str, int] = StagedRegistry("test_testing.staged", {"kept": 1})
    slot, lazy = Slot("test_testing.slot", 1), Lazy("test_testing.lazy", object)
    local: Any = ContextLocal("test_testing.local", "user")
    other: Any = StagedContextLocal("test_testing.other", "user")
    local.user = other.user = "before"
    with pytest.raises(ZeroDivisionError), context.use(user="before"):
        with isolated():
            assert (dict(context.current()), hasattr(local, "user"), hasattr(other, "user")) == ({}, False, False)
            assert table == {"kept": 1}
            flags.enable("use_registry")
            table.register("new", 2, owner=slot)
            staged.clear()
            slot.set(2)
            lazy.get()
            local.user = other.user = "inside"
            context.bind(trace=1)
            raise ZeroDivisionError
    assert (table, staged, slot.get(), lazy.ready()) == ({"kept": 1}, {"kept": 1}, 1, False)
    assert (local.user, other.user) == ("before", "before")
    assert (flags.mode("use_registry"), dict(context.current())) == ("legacy", {})


def test_named_tables_start_empty() -> None:
    table: Registry[str, int] = Registry("test_testing.emptied", {"kept": 1})
    with isolated(empty=["test_testing.emptied"]):
        assert table == {}
        table["new"] = 1
    assert table == {"kept": 1}


def test_a_subclass_is_initialised_inside_too() -> None:
    class Request(ContextLocal, name="test_testing.Request"):
        def __init__(self, user: str) -> None:
            self.user = user

    request = Request("ada")
    request.user = "bob"
    with isolated():
        assert request.user == "ada"
        request.user = "eve"
    assert request.user == "bob"


SUITE = """
import pytest
from outfall_runtime import Registry, flags

pytest_plugins = ["outfall_runtime.pytest_plugin"]
table = Registry("suite.table", {})

@pytest.fixture(autouse=True)
def isolation(outfall_isolation): ...

@pytest.mark.parametrize("number", range(3))
def test_starts_fresh(number):
    assert table == {} and flags.mode("use_registry") == "legacy"
    table[number] = 1
    flags.enable("use_registry")
"""


def test_the_fixture_isolates_the_tests_of_a_suite(python: Callable[..., Any], tmp_path: Any) -> None:
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "test_suite.py").write_text(SUITE.replace('pytest_plugins = ["outfall_runtime.pytest_plugin"]\n', ""))
    done = python("-m", "pytest", "-q", "-p", "outfall_runtime.pytest_plugin", "test_suite.py")
    assert (done.returncode, "3 passed" in done.stdout) == (0, True), done.stdout
