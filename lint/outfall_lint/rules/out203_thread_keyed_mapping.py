"""OUT203: a mapping keyed by threads or tasks."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.constructors import MAPPINGS
from outfall_lint.model import Finding, Operation, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._tables import untested
from outfall_lint.rules._words import changed_in


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        keyed = [a for a in state.accesses if "keyed by " in a.detail and a.operation.changes]
        if state.constructor in MAPPINGS and keyed:
            by = keyed[0].detail.rpartition("keyed by ")[2]
            message = f"`{state.local_name}` is keyed by `{by}`: {_outcome(view, state)}"
            yield rule.finding(state, message, Priority.LOW if view.is_test(state.place.path) else None)


def _outcome(view: View, state: State) -> str:
    """What is known of how entries go."""
    removed = untested(view, [a for a in state.accesses if a.operation is Operation.DELETE])
    if removed:
        return f"each must take its own entry out again, as in {changed_in(removed)}"
    if state.scope == "instance":  # a callback may reach it by other ways than `self`
        return "every entry must go when its thread or task ends"
    return "nothing takes an entry out when its thread or task ends"


RULE = Rule(
    code="OUT203",
    name="thread-keyed-mapping",
    category="context",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a mapping whose keys are `get_ident()`, `current_thread()` or `current_task()`.",
        why=(
            "Thread numbers are used again: a new thread finds what a dead one left. Entries are dropped only where\n"
            "somebody remembers to, and tasks of one thread share an entry."
        ),
        example="import threading\n\n_users = {}\n\ndef login(user):\n    _users[threading.get_ident()] = user\n",
        instead="from contextvars import ContextVar\n\n_user = ContextVar('user')\n\ndef login(user):\n    return _user.set(user)\n",
        fix_safety=(
            "Moved onto a context value where every use is of the running thread's own entry and what it keeps is context.\n"
            "An entry then ends with its thread, and a missing one raises LookupError. Where threads look up, count or clean\n"
            "away each other's entries, it is left alone; what belongs to a thread stays with it."
        ),
        references=("https://docs.python.org/3/library/threading.html#threading.get_ident",),
    ),
    bad=(
        "import threading\n\n_users = {}\n\ndef login(user):\n    _users[threading.get_ident()] = user\n",
        "import asyncio\n\n_seen = {}\n\ndef note():\n    task = asyncio.current_task()\n    _seen[task] = 1\n",
        "from threading import current_thread\n\nclass Pool:\n    def __init__(self):\n        self._by = {}\n\n"
        "    def put(self, x):\n        self._by[current_thread().ident] = x\n",
    ),
    good=(
        "_users = {}\n\ndef login(name):\n    _users[name] = 1\n",
        "import threading\n\ndef ident():\n    return {threading.get_ident(): 1}\n",
    ),
    check=_check,
    over=("OUT101", "OUT103"),
    transform="moves it onto an outfall_runtime.ContextValue where each thread touches its own entry only",
)
