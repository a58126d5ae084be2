"""OUT105: a global made on first use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from outfall_lint.model import Access, Finding, Kind, Operation, Priority, State
from outfall_lint.purity import PURE, SETTLED
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._tables import by_module_getattr, changes_in_place, stays_as_made, told, untested
from outfall_lint.rules._words import changed_in
from outfall_lint.states import is_runtime
from outfall_lint.values import BY_IMPORT


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.scope != "module" or state.kind is not Kind.LAZY or is_runtime(state.constructor):
            continue
        made = [
            a
            for a in state.accesses
            if a.operation is Operation.REBIND and not a.at_import and not by_module_getattr(a) and not a.detail.endswith("constant None")
        ]
        if made:
            locks = {a.lock for a in made}
            held = locks.pop() if len(locks) == 1 else None
            same = stays_as_made(state) and all(a.detail.endswith((PURE, SETTLED)) for a in made)
            imported = all(a.detail.endswith(BY_IMPORT) for a in made)
            if held:
                outcome = f", under `{held}`"
            elif same or imported:
                outcome = ", the same each time"
            elif _seen_half_made(state, made):
                outcome = " and then filled: a second user finds it half filled"
            else:
                outcome = ": two first users may both make it"
            how = "imported" if imported else "made"
            message = f"global `{state.local_name}` is {how} on first use in {changed_in(untested(view, made))}{outcome}"
            finding = told(rule, view, state, message, made)
            most = Priority.LOW if same else Priority.NORMAL if imported else finding.priority
            yield replace(finding, priority=min(finding.priority, most))


def _seen_half_made(state: State, made: Sequence[Access]) -> bool:
    """Whether it is bound first and filled then, below the one test that found it absent."""
    return any(
        changes_in_place(filled)
        and filled.detail.startswith(f"{_absent(binding)}; ")
        and (binding.place.path, binding.function) == (filled.place.path, filled.function)
        and binding.place < filled.place
        and not any(a.operation is Operation.TEST and binding.place < a.place < filled.place for a in state.accesses)
        for binding in made
        if _absent(binding)
        for filled in state.changes
    )


def _absent(binding: Access) -> str:
    """The test below which a value is made; empty where none is in sight."""
    return binding.detail.partition(";")[0] if ";" in binding.detail else ""


RULE = Rule(
    code="OUT105",
    name="lazy-global",
    category="globals",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a global that is tested and then made on first use.",
        why=(
            "Two threads, or two tasks with an await between test and assignment, both find nothing and both make\n"
            "one: two connection pools, two clients, and whichever was assigned last wins. Nothing ever closes it."
        ),
        example=(
            "_client = None\n\ndef client():\n    global _client\n    if _client is None:\n"
            "        _client = connect()\n    return _client\n"
        ),
        instead=(
            "from outfall_runtime import Lazy\n\n"
            '_client = Lazy("app.api._client", connect)\n\ndef client():\n    return _client.get()\n'
        ),
        fix_safety="Every access moves together or none does; code that resets the global to None must call `reset()`.",
        references=("https://docs.python.org/3/library/functools.html#functools.cache",),
    ),
    bad=(
        "_client = None\n\ndef client():\n    global _client\n    if _client is None:\n"
        "        _client = connect()\n    return _client\n",
        "_pool = None\n\ndef pool():\n    global _pool\n    if _pool:\n        return _pool\n"
        "    _pool = make()\n    return _pool\n",
        "def table():\n    global _table\n    try:\n        return _table\n    except NameError:\n"
        "        _table = load()\n        return _table\n",
    ),
    good=(
        "from functools import cache\n\n@cache\ndef client():\n    return connect()\n",
        "def client(existing=None):\n    if existing is None:\n        existing = connect()\n    return existing\n",
        "_client = None\n\ndef has_client():\n    return _client is not None\n",
    ),
    check=_check,
    over=("OUT104",),
    transform=(
        "makes it an outfall_runtime.Lazy where it is plainly made on first use and by nobody else; any other becomes\n"
        "a Slot, whose race stays and is named"
    ),
)
