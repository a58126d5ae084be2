"""OUT204: a context variable whose value is shared after all."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Collection, Iterator

from outfall_lint.constructors import CONTEXT_VARS
from outfall_lint.facts import GOT, SLICE, SUBSCRIPT
from outfall_lint.model import Access, Finding, Operation, Place, Priority, State
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import place_of
from outfall_lint.rules._words import changed_in

_OF_CONTAINERS = frozenset((SUBSCRIPT, SLICE, GOT)).union(
    *(dir(kind) for kind in (dict, list, set, bytearray, deque, defaultdict, OrderedDict, Counter))
)
"""What a path goes on with from a container."""


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for state in view.states:
        if state.constructor not in CONTEXT_VARS:
            continue
        changed = [a for a in state.accesses if a.operation is Operation.MUTATE and a.detail == "inside its value"]
        if changed:
            entries = _entries_of_an_object(view, state)
            changed = [a for a in changed if entries is None or a.place in entries]
        mutable = view.mutable_default(state)
        if not changed and not mutable:
            continue
        yield rule.finding(state, _message(state, changed), Priority.LOW if view.is_test(state.place.path) else None)


def _entries_of_an_object(view: View, state: State) -> Collection[Place] | None:
    """Where entries of a value are changed that has attributes no container has, so that its methods may do anything;
    None where it may be a container."""
    inside = [site for site in view.project.sites_of(tuple(state.name.split("."))) if site.rest[:1] == (GOT,) and len(site.rest) > 1]
    if all(site.rest[1] in _OF_CONTAINERS for site in inside):
        return None
    return {place_of(site.module, site.use.span) for site in inside if site.use.verb != "call"}


def _message(state: State, changed: list[Access]) -> str:
    if changed:
        return f"the value of `{state.local_name}` is changed in place in {changed_in(changed)}: every task that inherited it sees that"
    return f"the default of `{state.local_name}` is one mutable object for all contexts"


RULE = Rule(
    code="OUT204",
    name="shared-context-value",
    category="context",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a ContextVar with a mutable default, or whose value is changed in place.",
        why=(
            "A new task copies the context, not the values in it: the list that one task appends to is the list\n"
            "that all its children, siblings and its parent hold."
        ),
        example="from contextvars import ContextVar\n\n_tags = ContextVar('tags', default=[])\n\ndef tag(t):\n    _tags.get().append(t)\n",
        instead="from contextvars import ContextVar\n\n_tags = ContextVar('tags', default=())\n\ndef tag(t):\n    _tags.set((*_tags.get(), t))\n",
        fix_safety="No rewrite: some code shares the object on purpose.",
        references=("https://docs.python.org/3/library/contextvars.html",),
    ),
    bad=(
        "from contextvars import ContextVar\n\n_tags = ContextVar('tags', default=[])\n",
        "from contextvars import ContextVar\n\n_tags = ContextVar('tags')\n\ndef tag(t):\n    _tags.get().append(t)\n",
        "import contextvars\n\n_data = contextvars.ContextVar('data')\n\ndef put(k, v):\n    data = _data.get()\n    data[k] = v\n",
    ),
    good=(
        "from contextvars import ContextVar\n\n_tags = ContextVar('tags', default=())\n",
        "from contextvars import ContextVar\n\n_tags = ContextVar('tags', default=None)\n\n"
        "def tags():\n    return list(_tags.get() or ())\n",
        "from contextvars import ContextVar\n\n_data = ContextVar('data')\n\n"
        "def put(k, v):\n    data = dict(_data.get())\n    data[k] = v\n    return data\n",
    ),
    check=_check,
    advice="keep immutable values in context variables, and set a changed copy",
)
