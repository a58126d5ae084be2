"""OUT108: a mutable default argument that remembers."""

from __future__ import annotations

from collections.abc import Iterator

from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import state_sighted

_FATES = {
    "changed": "is changed, and keeps what it was given for the next call",
    "returned": "is returned, so that every caller holds the same object",
    "yielded": "is handed out, so that every caller holds the same object",
    "stored": "is stored and changed later, so that every instance holds the same changed object",
    "kept": "is stored, so that every instance holds the same object; nothing in this file changes it",
}

_PRIORITIES = {"changed": Priority.HIGH, "kept": Priority.LOW}


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    for facts in view.project.modules:
        for sighting in facts.sightings:
            if sighting.what == "default":
                message = f"the default of `{sighting.subject}` {_FATES[sighting.detail]}"
                priority = Priority.LOW if facts.is_test else _PRIORITIES.get(sighting.detail, Priority.NORMAL)
                yield rule.finding(state_sighted(facts, sighting), message, priority)


RULE = Rule(
    code="OUT108",
    name="default-argument-memory",
    category="globals",
    priority=Priority.HIGH,
    explanation=Explanation(
        what="Reports a mutable default argument that the function changes, returns, or stores where it is changed later.",
        why="A default is made once, when the function is defined: every call without the argument shares it.",
        example="def add(item, items=[]):\n    items.append(item)\n    return items\n",
        instead="def add(item, items=None):\n    items = [] if items is None else items\n    items.append(item)\n    return items\n",
        fix_safety="No rewrite: some code means the memory, as a cache, and some does not.",
        references=("https://docs.python.org/3/faq/programming.html#why-are-default-values-shared-between-objects",),
    ),
    bad=(
        "def add(item, items=[]):\n    items.append(item)\n    return items\n",
        "def fib(n, memo={}):\n    if n not in memo:\n        memo[n] = n\n    return memo[n]\n",
        "class Node:\n    def __init__(self, children=[]):\n        self.children = children\n\n"
        "    def add(self, child):\n        self.children.append(child)\n",
    ),
    good=(
        "def total(items=[]):\n    return sum(items)\n",
        "def add(item, items=()):\n    return [*items, item]\n",
        "def add(item, items=[]):\n    items = list(items)\n    items.append(item)\n    return items\n",
    ),
    check=_check,
    advice="default to None and make a new object in the call",
)
