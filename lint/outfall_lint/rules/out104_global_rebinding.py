"""OUT104: a module's global that functions bind anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from outfall_lint.constructors import CONTAINERS
from outfall_lint.guards import IN_A_BRANCH
from outfall_lint.model import Finding, Kind, Operation, Priority, State
from outfall_lint.purity import PURE
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._tables import by_module_getattr, changes_in_place, renews_after_fork, stays_as_made, told, untested
from outfall_lint.rules._words import changed_in
from outfall_lint.states import is_runtime
from outfall_lint.values import BY_IMPORT, OF_ITSELF


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.scope != "module" or is_runtime(state.constructor):
            continue
        rebound = [
            a
            for a in state.accesses
            if a.operation in (Operation.REBIND, Operation.DELETE)
            and a.method in (None, "__iadd__")
            and a.attribute is None
            and a.function is not None
            and not by_module_getattr(a)
            and a.place.path == state.place.path
        ]
        after_import = [a for a in rebound if not a.at_import]
        if after_import and all(renews_after_fork(a) for a in after_import):
            message = f"global `{state.local_name}` is made anew in each forked child"
            yield rule.finding(state, message, Priority.LOW)
        elif after_import and _is_local_at_heart(view, state):
            message = f"global `{state.local_name}` is bound and read in `{after_import[0].function}` alone"
            yield rule.finding(state, message, Priority.LOW)
        elif after_import and all(a.detail.endswith(PURE) for a in after_import) and stays_as_made(state):
            message = f"global `{state.local_name}` is bound in {changed_in(untested(view, after_import))}, to an equal value each time"
            yield rule.finding(state, message, Priority.LOW)
        elif after_import and all(a.detail.endswith(BY_IMPORT) for a in after_import):
            message = f"global `{state.local_name}` is imported in {changed_in(untested(view, after_import))}, the same each time"
            yield replace(found := told(rule, view, state, message, after_import), priority=min(found.priority, Priority.NORMAL))
        elif after_import:
            message = f"global `{state.local_name}` is bound anew in {changed_in(untested(view, after_import))}{_whole(state)}"
            yield told(rule, view, state, message, after_import)
        elif rebound:
            message = f"global `{state.local_name}` is bound by {changed_in(rebound)} while modules are imported"
            yield rule.finding(state, message, Priority.LOW)


def _whole(state: State) -> str:
    if state.kind is Kind.COUNTER:
        return ": a counter that loses counts when two threads add at once"
    if state.constructor not in CONTAINERS:
        return ""
    fillers = {access.function for access in state.changes if changes_in_place(access)}
    if fillers & {access.function for access in state.changes if access.operation is Operation.REBIND}:
        return " and then filled: a reader in between sees it half filled"
    if fillers:
        return ""
    return ": the whole value is swapped, so a reader sees the old or the new one, and keeps what it saw"


def _is_local_at_heart(view: View, state: State) -> bool:
    """Whether one function binds the name before it reads it, and nobody else looks, tests aside: a local declared global."""
    used = [access for access in untested(view, state.accesses) if not access.at_import]
    first = min(used, key=lambda access: access.place)
    alone = {(access.place.path, access.function) for access in used} == {(state.place.path, first.function)}
    reads = [access for access in used if not access.operation.changes]
    unconditional = first.operation is Operation.REBIND and first.method is None and not first.detail.startswith(("if ", IN_A_BRANCH))
    if first.detail.endswith(OF_ITSELF):
        return False  # it is read before
    for_tests = first.place == state.place and any(view.for_tests(access) for access in state.accesses)
    return alone and bool(reads) and unconditional and (for_tests or not state.public)


RULE = Rule(
    code="OUT104",
    name="global-rebinding",
    category="globals",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a `global` that a function binds to another value.",
        why=(
            "The value belongs to nobody: any call may change it under every other caller of the process, a module\n"
            "that said `from mod import X` keeps the old one, and a test that sets it changes the next test."
        ),
        example="_level = 0\n\ndef set_level(level):\n    global _level\n    _level = level\n",
        instead=(
            "from outfall_runtime import Slot\n\n"
            '_level = Slot("app.settings._level", 0)\n\n'
            "def set_level(level):\n    _level.value = level\n"
        ),
        fix_safety=(
            "Every access moves together or none does. Where other modules, tests above all, write `mod.X = v`,\n"
            "the name must stay a plain attribute of its module, so that what they write still arrives."
        ),
        references=("https://docs.python.org/3/reference/simple_stmts.html#the-global-statement",),
    ),
    bad=(
        "_level = 0\n\ndef set_level(level):\n    global _level\n    _level = level\n",
        "count = 0\n\ndef hit():\n    global count\n    count += 1\n",
        "def outer():\n    def inner():\n        global current\n        current = object()\n    return inner\n",
    ),
    good=(
        "_level = 0\n\ndef level():\n    global _level\n    return _level\n",
        "_level = 0\n\ndef f():\n    _level = 1\n    return _level\n",
        "def outer():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n    return inner\n",
        "def _setup():\n    global LEVEL\n    LEVEL = 3\n\n_setup()\n",
    ),
    check=_check,
    transform=(
        "keeps the value in an outfall_runtime.Slot and rewrites every access in its module; where other code uses\n"
        "the name, it stays an attribute of the module"
    ),
)
