"""What a probe states something about: each state with its scope, and how a test gets hold of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from outfall_lint.constructors import CONTAINERS, RUNTIME
from outfall_lint.model import State

from ..attributes import attributes
from ..edits import quoted
from ..plan import Plan
from ..text import SourceText
from . import making, reach

_THREAD_LOCAL_CODES = frozenset({"OUT201", "OUT202"})


class Scope(str, Enum):
    """Who shares the state."""

    CONTEXT = "CONTEXTS"  # each thread has its own; from the new way on, each task
    RESOURCE = "RESOURCES"  # each thread opens its own, once, and its tasks share it
    THREAD = "THREADS"  # each thread has its own; what its tasks share is not stated
    INSTANCE = "INSTANCES"  # as a context, and it ends with the object that holds it
    TABLE = "TABLES"
    SLOT = "SLOTS"
    LAZY = "LAZIES"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One state under one law: `expression` is what the probe's table says after the state's name."""

    scope: Scope
    name: str
    expression: str


@dataclass(frozen=True, slots=True, order=True)
class Uncovered:
    """A state that no test can get hold of, and why."""

    name: str
    reason: str


def subjects(
    plans: Iterable[Plan], states: Iterable[State], sources: Mapping[str, SourceText]
) -> Iterator[Subject | Uncovered]:
    """What there is to state about the states that are to be moved, were moved, or stay with their thread."""
    for plan in plans:
        target = plan.target
        if not plan.rewrites:
            if not _THREAD_LOCAL_CODES & set(plan.codes):
                continue
            target = "thread-local"
        if plan.names:
            yield from _values(plan, sources[plan.state.place.path])
        elif "OUT203" in plan.codes:
            yield _entry(plan, sources[plan.state.place.path])
        else:
            yield from _of(plan.state, target or "", sources[plan.state.place.path])
    for state in states:
        library, _, target = state.constructor.partition(".")
        if library == RUNTIME:
            yield from _of(state, target, sources[state.place.path])


def _of(state: State, target: str, source: SourceText) -> Iterator[Subject | Uncovered]:
    """The subjects of one state that is kept, or is to be kept, by the runtime's `target`."""
    where = reach.located(state, source)
    if isinstance(where, str):
        yield Uncovered(state.name, where)
    elif target.endswith("ContextLocal"):
        yield from _namespace(where, Scope.CONTEXT)
    elif target.endswith("ContextValue"):
        yield _value(where, where.local_name)
    elif target == "thread-local":
        opened = making.opened_once(where.local_name, where.attribute, source) if state.scope == "module" else None
        yield from [_resource(where, opened)] if opened else _namespace(where, Scope.THREAD)
    elif target == "ThreadResource":
        opened = making.opened_once(where.local_name, where.attribute, source) or making.made_once(where.local_name, source)
        yield _resource(where, opened) if opened else Uncovered(where.name, "who asks for it does more than open it")
    elif target.endswith("Registry"):
        yield Subject(Scope.TABLE, where.name, f"lambda: {where.expression}")
    elif target in ("Slot", "class_slot"):
        yield from _slot(where, state, source)
    elif target == "Lazy":
        made = making.made_once(where.local_name, source)
        yield _lazy(where, made) if made else Uncovered(where.name, "who asks for it first does more than make it")
    elif target:
        yield Uncovered(where.name, f"no test is known for a {target}")


def _values(plan: Plan, source: SourceText) -> Iterator[Subject | Uncovered]:
    """The subjects of a namespace whose attributes become values of their own."""
    where = reach.located(plan.state, source)
    if isinstance(where, str):
        yield Uncovered(plan.state.name, where)
        return
    for attribute, name in zip(attributes(plan.state), plan.names, strict=True):
        yield _value(where, name.rpartition(".")[2], attribute)


def _entry(plan: Plan, source: SourceText) -> Subject | Uncovered:
    """The subject of a mapping keyed by threads."""
    where = reach.located(plan.state, source)
    if isinstance(where, str):
        return Uncovered(plan.state.name, where)
    of = f"EntryOf(imported({quoted(where.module)}), {quoted(where.local_name)})"
    return Subject(Scope.CONTEXT, where.name, f"lambda: {of}")


def _value(where: reach.Located, value: str, attribute: str = "") -> Subject:
    before = quoted(where.local_name if attribute else "")
    of = f"ContextOf(imported({quoted(where.module)}), {before}, {quoted(attribute)}, {quoted(value)})"
    return Subject(Scope.CONTEXT, f"{where.module}.{value}", f"lambda: {of}")


def _namespace(where: reach.Located, scope: Scope) -> Iterator[Subject]:
    yield Subject(scope, where.name, f"lambda: Value({where.expression}, {quoted(where.attribute)})")
    if where.holder:
        held = f"lambda: {where.holder}, {quoted(where.local_name)}, {quoted(where.attribute)}"
        yield Subject(Scope.INSTANCE, where.name, f"({held})")


def _slot(where: reach.Located, state: State, source: SourceText) -> Iterator[Subject]:
    owner = where.expression.rpartition(".")[0]
    variable = f"Global({owner}, {quoted(where.local_name)})"
    yield Subject(Scope.SLOT, where.name, f"lambda: {variable}")
    if state.constructor in CONTAINERS:
        yield Subject(Scope.TABLE, where.name, f"lambda: {variable}.get()")
    made = making.made_once(where.local_name, source) if state.scope == "module" else None
    if made:
        yield _lazy(where, made)


def _resource(where: reach.Located, opened: making.MadeOnce) -> Subject:
    module = f"imported({quoted(where.module)})"
    owner = ".".join((module, *opened.owner))
    return Subject(Scope.RESOURCE, where.name, f"lambda: Resource({module}.{opened.function}, ({owner}, {quoted(opened.maker)}))")


def _lazy(where: reach.Located, made: making.MadeOnce) -> Subject:
    module = f"imported({quoted(where.module)})"
    owner = ".".join((module, *made.owner))
    parts = (module, quoted(where.local_name), f"{module}.{made.function}", f"({owner}, {quoted(made.maker)})")
    return Subject(Scope.LAZY, where.name, f"lambda: MadeOnce({', '.join(parts)})")
