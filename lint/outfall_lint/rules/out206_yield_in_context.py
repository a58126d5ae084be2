"""OUT206: `yield` inside a context or span block."""

from __future__ import annotations

from collections.abc import Container, Iterator

from outfall_lint.constructors import MANAGERS
from outfall_lint.facts import Sighting, Target
from outfall_lint.model import Finding, Priority
from outfall_lint.rule import Explanation, Rule, View
from outfall_lint.rules._outside import context_sighted
from outfall_lint.sightings import UNDER


def _check(rule: Rule, view: View) -> Iterator[Finding]:
    entering = frozenset(_entering(view))
    for facts in view.project.modules:
        blocks: dict[tuple[str | None, str], list[Sighting]] = {}
        for sighting in facts.sightings:
            if sighting.what == "yield" and _enters(view, sighting, entering):
                blocks.setdefault((sighting.function, sighting.subject), []).append(sighting)
        for (_, subject), yields in blocks.items():
            message = f"`yield` hands control out while `{_short(subject)}` is still in force"
            low = facts.is_test
            yield rule.finding(context_sighted(facts, yields), message, Priority.LOW if low else None)


def _enters(view: View, sighting: Sighting, entering: Container[Target]) -> bool:
    """Whether what is around the yield is a context: by what the project's function does, else by its name."""
    name = _named(view, sighting.subject)
    function = view.project.functions.get(name)
    if function is not None and function.waits:
        return False
    return sighting.detail != UNDER or name in entering


def _entering(view: View) -> Iterator[Target]:
    """The project's context managers that set a context variable around their block."""
    for state in view.states:
        if state.constructor == "contextvars.ContextVar":
            for access in state.accesses:
                if access.attribute == "set" and access.function is not None:
                    name = (*view.module_of(access.place.path).split("."), *access.function.split("."))
                    function = view.project.functions.get(name)
                    if function is not None and MANAGERS & set(function.decorators):
                        yield name


def _named(view: View, name: str) -> Target:
    return view.project.canonical(tuple(name.split(".")))


def _short(name: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(name.split(".")[-2:])


RULE = Rule(
    code="OUT206",
    name="yield-in-context",
    category="context",
    priority=Priority.NORMAL,
    explanation=Explanation(
        what="Reports a generator that yields inside a `with` block of a context or span.",
        why=(
            "A generator runs in the context of whoever asks for the next item. Between two items its context\n"
            "is the caller's too; when the caller stops early, the block is left late, elsewhere, or never."
        ),
        example="def rows(tracer, query):\n    with tracer.start_as_current_span('rows'):\n        for row in query:\n            yield row\n",
        instead="def rows(tracer, query):\n    with tracer.start_as_current_span('rows'):\n        found = list(query)\n    yield from found\n",
        fix_safety="No rewrite: reading everything first may not be possible.",
        references=("https://peps.python.org/pep-0568/", "https://peps.python.org/pep-0789/"),
    ),
    bad=(
        "def rows(tracer, query):\n    with tracer.start_as_current_span('rows'):\n        for row in query:\n            yield row\n",
        "from decimal import localcontext\n\ndef numbers():\n    with localcontext() as ctx:\n        ctx.prec = 5\n        yield 1\n",
    ),
    good=(
        "from contextlib import contextmanager\n\n@contextmanager\ndef span(tracer):\n    with tracer.span('x'):\n        yield\n",
        "def lines(path):\n    with open(path) as file:\n        yield from file\n",
        "def rows(tracer, query):\n    with tracer.span('rows'):\n        found = list(query)\n    yield from found\n",
    ),
    check=_check,
    advice="leave the block before yielding, or let the caller open it",
)
