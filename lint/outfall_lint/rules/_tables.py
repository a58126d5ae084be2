"""What the rules about containers have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from outfall_lint.constructors import CHANGING_METHODS
from outfall_lint.model import Access, Finding, Operation, Priority, State
from outfall_lint.rule import Rule, View
from outfall_lint.rules._words import changed_in, lowered, one_lock


def table_findings(rule: Rule, view: View, scope: str, constructors: Collection[str]) -> Iterator[Finding]:
    """One finding for each container of `constructors` at level `scope` that is changed after import."""
    for state in view.states:
        if state.scope == scope and state.constructor in constructors and state.local_name != "__all__":
            finding = _table_finding(rule, view, state)
            if finding is not None:
                yield finding


def _table_finding(rule: Rule, view: View, state: State) -> Finding | None:
    every = [a for a in state.accesses if changes_in_place(a)]
    after_import = [a for a in every if not a.at_import]
    if after_import and all(a.function in binding_anew(state) for a in after_import):
        return None  # each fills what it has just bound anew, which OUT104 reports
    what = f"{state.constructor.rpartition('.')[2]} `{state.local_name}`"
    if not after_import:
        functions = [a for a in every if a.function is not None]
        if not functions:
            return None
        return rule.finding(state, f"{what} is filled by {changed_in(functions)} while modules are imported", Priority.LOW)
    decorators = [a for a in after_import if view.registers(a)]
    where = changed_in(untested(view, after_import))
    if len(decorators) == len(after_import):
        return rule.finding(state, f"{what} is filled by the decorator {where}", Priority.LOW)
    message = f"{what} lives as long as its {state.scope} and is changed in {where}"
    return told(rule, view, state, message, after_import)


def binding_anew(state: State) -> frozenset[str | None]:
    """The functions that bind a state anew after import."""
    return frozenset(a.function for a in state.changes if a.operation is Operation.REBIND)


def told(rule: Rule, view: View, state: State, message: str, changes: Sequence[Access]) -> Finding:
    """A finding about `changes` of a state: low in tests, where tests alone make them, and where a program's
    `main` alone does; one step lower where one lock guards every change."""
    if view.is_test(state.place.path):
        return rule.finding(state, message, Priority.LOW)
    if all(view.for_tests(access) for access in changes):
        return rule.finding(state, f"{message}; only tests, examples or scripts do so", Priority.LOW)
    if why := _aside(view, changes):
        return rule.finding(state, f"{message}, {why}", Priority.LOW)
    if all(access.function in ("main", "_main") for access in untested(view, changes)):
        return rule.finding(state, f"{message}, which runs once", Priority.LOW)
    return rule.finding(state, message, lowered(rule.priority) if one_lock(untested(view, state.changes)) else rule.priority)


def _aside(view: View, changes: Sequence[Access]) -> str:
    """Why production never makes the changes; empty where it does."""
    reasons = [view.aside(access.place) for access in untested(view, changes)]
    return reasons[0] if all(reasons) else ""


def untested(view: View, changes: Sequence[Access]) -> Sequence[Access]:
    """The changes that production code makes; all of them where only tests make any."""
    return [a for a in changes if not view.for_tests(a)] or changes


def by_module_getattr(access: Access) -> bool:
    """Whether a module's own `__getattr__` (PEP 562) makes the access: a lazy import, made for good."""
    return access.function == "__getattr__"


def stays_as_made(state: State) -> bool:
    """Whether nobody changes the object itself, whatever it is."""
    return not any(changes_in_place(access) or access.attribute in CHANGING_METHODS for access in state.accesses)


def changes_in_place(access: Access) -> bool:
    """Whether the object itself is changed, as against its name bound anew."""
    if access.operation is Operation.MUTATE:
        return True
    return access.operation is Operation.DELETE and access.method is not None


def renews_after_fork(access: Access) -> bool:
    """Whether a handler does it that runs in a new child, where nobody else is yet."""
    handler = (access.function or "").rpartition(".")[2]
    return "after_fork" in handler or ("fork" in handler and access.detail.endswith(("threading.Lock", "threading.RLock")))
