"""The flat face: every name is there, types check, nothing heavy is loaded before it is asked for."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Callable

import pytest

import outfall_runtime

SOURCE = Path(outfall_runtime.__file__).read_text(encoding="utf-8")


def imported_for_types() -> "set[str]":
    """The names that type checkers see."""
    block = next(node for node in ast.parse(SOURCE).body if isinstance(node, ast.If))
    return {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'outfall_runtime' has no attribute 'Registri'"):
        _ = outfall_runtime.Registri  # type: ignore[attr-defined]


def test_every_name_is_there_for_programs_and_for_type_checkers() -> None:
    assert [name for name in outfall_runtime.__all__ if not hasattr(outfall_runtime, name)] == []
    assert imported_for_types() == set(outfall_runtime.__all__)
    assert set(outfall_runtime.__all__) <= set(dir(outfall_runtime))
    assert sorted(outfall_runtime.__all__) == outfall_runtime.__all__


LOADED = "import outfall_runtime, sys; print([m for m in ('asyncio', 'json', 'logging', 'typing') if m in sys.modules])"


def test_the_import_loads_nothing_heavy(python: Callable[..., Any]) -> None:
    assert python("-S", "-c", LOADED).stdout == "[]\n"


SHARED = {
    "Board", "ContextVar", "EventBoard", "Reporter", "SpanBook", "StateBook", "WallClock", "Watcher", "_Homes", "_Poller",
    "_Tables",
}  # fmt: skip


def test_every_module_states_its_hazard_or_has_none() -> None:
    """A module that holds anything process-wide says in its docstring what can go wrong."""
    shared = []
    for path in sorted(Path(outfall_runtime.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        instances = [
            node
            for node in tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id in SHARED
        ]
        if instances and "Hazard:" not in (ast.get_docstring(tree) or ""):
            shared.append(path.name)
    assert shared == []
