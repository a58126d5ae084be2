"""JSON for machines: the documents that commands print and the report reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outfall_lint.engine import Analysis
    from outfall_lint.model import State

VERSION = 1


def as_json(document: object) -> str:
    """Indented, in the order written, non-ASCII as it is."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def inventory(analysis: Analysis) -> dict[str, Any]:
    """Every state of a project: what `outfall inventory --format json` prints.

    What lives in a module or class is ambient; what lives in an instance or function only where a
    rule objects to it.
    """
    objected = {finding.state.name for finding in analysis.findings}
    states = [state for state in analysis.states if state.scope in ("module", "class") or state.name in objected]
    return {"version": VERSION, "states": [state_row(state) for state in states]}


def state_row(state: State) -> dict[str, Any]:
    """One state in an inventory."""
    return {
        "state": state.name,
        "kind": state.kind.value,
        "path": state.place.path,
        "line": state.place.line,
        "constructor": state.constructor,
        "accesses": len(state.accesses),
        "changes": len(state.changes),
    }
