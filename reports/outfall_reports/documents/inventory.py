"""The states of a project: `outfall inventory --format json`."""

from __future__ import annotations

from outfall_reports.fields import Field
from outfall_reports.model import InventoryState

REMEDY = "Write it again with `outfall inventory --format json`"


def recognises(document: dict[str, object]) -> bool:
    return isinstance(document.get("states"), list)


def read(root: Field) -> tuple[InventoryState, ...]:
    """Read an inventory; raises `ReportError`."""
    root.check_version()
    return tuple(map(_state, root.get("states").items()))


def _state(item: Field) -> InventoryState:
    return InventoryState(state=item.get("state").text(), constructor=item.optional_text("constructor"))
