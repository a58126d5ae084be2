"""Inside the runtime, private modules live in rooms, and what a room imports at its start lies below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "runtime" / "outfall_runtime"
FLOORS = [
    {"_common"}, {"_contexts", "_tables"}, {"_flags"}, {"_spans", "_events", "_measures"}, {"_rollout"}, {"_console"},
]  # fmt: skip
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported_rooms(source: str, room: str) -> Iterator[str]:
    """The other rooms that a module of `room` imports while it is loaded."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.level == 2:
            first = (node.module or node.names[0].name).partition(".")[0]
            if first.startswith("_") and first != room:
                yield first


def test_an_arrow_that_runs_up_is_found() -> None:
    assert list(imported_rooms("from .._console import shared\nfrom ..errors import X\nfrom . import y\n", "_tables")) == ["_console"]


def test_every_room_has_a_floor() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(FLOOR_OF)
    assert [path.name for path in PACKAGE.glob("_*.py") if not path.name.startswith("__")] == []


@pytest.mark.parametrize("room", FLOOR_OF)
def test_rooms_import_what_lies_below(room: str) -> None:
    arrows = {(path.name, other) for path in (PACKAGE / room).glob("*.py") for other in imported_rooms(path.read_text("utf-8"), room)}
    assert {arrow for arrow in arrows if FLOOR_OF[arrow[1]] >= FLOOR_OF[room]} == set()
