"""The states of a project: `outfall inventory --format json`."""

from __future__ import annotations

from outfall_reports.fields import Field
from outfall_reports.model import MODES, InventoryState

REMEDY = "Write it again with `outfall inventory --format json`"


def recognises(document: dict[str, object]) -> bool:
    return isinstance(document.get("states"), list)


def read(root: Field) -> tuple[InventoryState, ...]:
    """Read an inventory; raises `ReportError`."""
    root.check_version()
    return tuple(map(_state, root.get("states").items()))


def _state(item: Field) -> InventoryState:
    mode = item.optional("mode")
    constructor = item.optional("constructor")
    return InventoryState(
        state=item.get("state").text(),
        kind=item.get("kind").text(),
        path=item.get("path").text(),
        line=item.get("line").count(),
        accesses=_accesses(item.get("accesses")),
        constructor=None if constructor is None else constructor.text(),
        mode=None if mode is None else mode.choice(MODES),
    )


def _accesses(field: Field) -> int:
    """A number, or the accesses themselves."""
    return len(field.value) if isinstance(field.value, list) else field.count()
