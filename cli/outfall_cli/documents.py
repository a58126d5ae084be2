"""JSON for machines: the documents that commands print and the report reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from outfall_lint.engine import Analysis
    from outfall_lint.ledger import Ledger
    from outfall_lint.model import State

VERSION = 1


def as_json(document: object) -> str:
    """Indented, in the order written, non-ASCII as it is."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def inventory(analysis: Analysis, ledger: Ledger) -> dict[str, Any]:
    """Every state of a project: what `outfall inventory --format json` prints.

    What lives in a module or class is ambient where functions change it; what lives in an instance or
    function where a rule objects to it; and whatever the runtime keeps is on the list.
    """
    objected = {finding.state.name: finding.state for finding in analysis.findings}
    known = {state.name for state in analysis.states}
    made_by_rules = [state for name, state in objected.items() if name not in known and state.place.path in analysis.files]
    listed = [state for state in analysis.states if state.name in objected or _is_ambient(state)]
    states = sorted([*listed, *made_by_rules], key=lambda state: (state.place, state.name))
    return {"version": VERSION, "states": [state_row(state, ledger) for state in states]}


def _is_ambient(state: State) -> bool:
    from outfall_lint.states import is_runtime

    changed = any(access.operation.changes and access.function is not None for access in state.accesses)
    if state.scope == "class" and state.value is None:
        return False  # `field: int` declares what each instance has
    return (state.scope in ("module", "class") and changed) or is_runtime(state.constructor)


def rollout_of(state: State, ledger: Ledger) -> str:
    """How far a state is on its way: "ambient", "staged", "completed" (its legacy path may go) or "moved"."""
    from outfall_lint.states import is_runtime

    if not is_runtime(state.constructor):
        return "ambient"
    if not state.constructor.rpartition(".")[2].startswith("Staged"):
        return "moved"
    flag = ledger.flag_of(state.name)
    return "completed" if flag is not None and flag.completed is not None else "staged"


def state_row(state: State, ledger: Ledger) -> dict[str, Any]:
    """One state in an inventory."""
    flag = ledger.flag_of(state.name)
    return {
        "state": state.name,
        "kind": state.kind.value,
        "rollout": rollout_of(state, ledger),
        "flag": flag.name if flag is not None else None,
        "path": state.place.path,
        "line": state.place.line,
        "constructor": state.constructor,
        "accesses": len(state.accesses),
        "changes": len(state.changes),
    }
