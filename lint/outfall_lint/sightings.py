"""What rules care about that no declared name shows: bad defaults, yields inside contexts, work handed over."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator, Mapping

from outfall_lint.constructors import CHANGING_METHODS, CONTAINERS, ITERATORS, LOOP_BOUND, MANAGERS, MODULE_PROPERTY, THREAD_LOCALS
from outfall_lint.facts import SUBSCRIPT, Sighting
from outfall_lint.names import Names
from outfall_lint.paths import decorator_names, last_name, path_of
from outfall_lint.scopes import FUNCTION, RawUse, Scope, Walk
from outfall_lint.spans import SpanOf
from outfall_lint.uses import changes_container
from outfall_lint.values import constructor

_CONTEXT = re.compile(
    r"(^|_)(span|context|contexts|ctx|scope|bind|bound|contextvars|override|activate|use|localcontext|translation)(_|$)"
)
_NO_CONTEXT = frozenset("nullcontext suppress closing get_context create_default_context context_manager ctx_manager".split())
_ENTERS_AND_LEAVES = MANAGERS | {"fixture", "hookimpl", "hookspec"}
UNDER = "under"
"""The detail of a yield inside a `with` of some function, whose name does not say that it enters a context."""
_REMEMBERING = CONTAINERS | ITERATORS


def sightings(walked: Walk, names: Names, span_of: SpanOf) -> Iterator[Sighting]:
    """Every sighting of a file."""
    defaults = {key: node for scope in walked.scopes if not scope.in_script for key, node in _defaults(scope, names)}
    fates = _fates(walked, defaults, dict(_renamed(defaults))) if defaults else {}
    for (scope, name), node in defaults.items():
        fate = "changed" if len(scope.bindings[name]) > 1 else fates.get((scope, name))
        if fate:
            yield Sighting("default", span_of(node), scope.name, name, fate)
    for scope in walked.scopes:
        if scope.at_import:
            yield from _made(scope, names, span_of)
    for scope, node, entered in walked.yields:
        if not scope.in_script:
            yield from _yield(scope, node, entered, names, span_of)
    for scope, call, name in walked.handed:
        if not scope.in_script:
            yield from _handed(scope, call, name, names, span_of)


def _made(scope: Scope, names: Names, span_of: SpanOf) -> Iterator[Sighting]:
    """The objects of a thread or loop that the module makes as part of something else: in a list, for a default argument."""
    named = {value for bindings in scope.bindings.values() for b in bindings for value in _whole(b.value)}
    for raw in scope.uses:
        if raw.verb == "call" and isinstance(raw.detail, ast.Call) and raw.detail not in named:
            made_by = names.dotted(scope, raw.detail.func)
            if made_by in THREAD_LOCALS or (made_by in LOOP_BOUND and made_by.rpartition(".")[2][:1].isupper()):
                yield Sighting("made", span_of(raw.detail), None, made_by)
            elif made_by == MODULE_PROPERTY:
                yield from _property(raw.detail, span_of)


def _property(call: ast.Call, span_of: SpanOf) -> Iterator[Sighting]:
    """The name that a module puts before a slot: `module_property(__name__, "DEBUG", _debug_slot)`."""
    own, name = (*call.args, None, None)[:2]
    if isinstance(own, ast.Name) and own.id == "__name__" and isinstance(name, ast.Constant):
        yield Sighting("property", span_of(call), None, str(name.value))


def _whole(value: object) -> Iterator[ast.expr]:
    """The expressions that a binding may get its whole value from."""
    if isinstance(value, ast.IfExp):
        yield from (value.body, value.orelse)
    elif isinstance(value, ast.BoolOp):
        yield from value.values
    elif isinstance(value, ast.expr):
        yield value


Parameter = tuple[Scope, str]


def _defaults(scope: Scope, names: Names) -> Iterator[tuple[Parameter, ast.expr]]:
    """The parameters of a function with a mutable default that no other value takes the place of."""
    for name in scope.parameters:
        default = scope.bindings[name][0].value
        if default is None or scope.parent is None or scope.parent.function:
            continue  # a default is made afresh whenever an enclosing function runs
        if constructor(names, scope.parent, default) in _REMEMBERING and not _rebound(scope, name):
            yield (scope, name), default


def _renamed(defaults: Iterable[Parameter]) -> Iterator[tuple[Parameter, Parameter]]:
    """The locals that are bound once, to such a parameter: `found = acc`."""
    for scope, name in defaults:
        for local, bindings in scope.bindings.items():
            if len(bindings) == 1 and bindings[0].how == "assign" and getattr(bindings[0].value, "id", "") == name:
                yield (scope, local), (scope, name)


def _rebound(scope: Scope, name: str) -> bool:
    return any(binding.how not in ("parameter", "augment") for binding in scope.bindings[name])


def _fates(walked: Walk, defaults: Container[Parameter], renamed: Mapping[Parameter, Parameter]) -> dict[Parameter, str]:
    """How functions change their defaults, or let them out of their sight; "changed" wins."""
    found: dict[Parameter, str] = {}
    changed = frozenset(_changed_attributes(walked))
    for inner in walked.scopes:
        for raw in inner.uses:
            owner = inner.owner(raw.root)
            if owner is None:
                continue
            parameter = renamed.get((owner, raw.root), (owner, raw.root))
            if parameter in defaults:
                fate = _fate(raw, changed)
                if fate == "changed" or (fate and parameter not in found):
                    found[parameter] = fate
    return found


def _changed_attributes(walked: Walk) -> Iterator[str]:
    """The names of attributes whose object is changed in place somewhere in the file: `x.items.append(v)`."""
    for scope in walked.scopes:
        for raw in scope.uses:
            if len(raw.path) > 1 and (
                raw.path[-1] == SUBSCRIPT if raw.verb in ("store", "delete") else raw.verb == "call" and raw.path[-1] in CHANGING_METHODS
            ):
                yield raw.path[-2]
            elif raw.path and raw.verb in ("augment", "change"):
                yield from raw.path[-2:]


def _fate(raw: RawUse, changed: Container[str]) -> str:
    if changes_container(raw.verb, raw.path):
        return "changed"
    if raw.path or raw.verb != "load":
        return ""
    if raw.detail in ("returned", "yielded"):
        return str(raw.detail)
    if isinstance(raw.detail, ast.Attribute) and isinstance(raw.detail.ctx, ast.Store):
        return "stored" if raw.detail.attr in changed else "kept"
    return ""


def _yield(
    scope: Scope, node: ast.expr, entered: tuple[ast.expr, ...], names: Names, span_of: SpanOf
) -> Iterator[Sighting]:
    """A yield that hands control out while the function's context is still in force."""
    if scope.kind != FUNCTION or _ENTERS_AND_LEAVES & set(decorator_names(scope.node)):
        return
    for manager in entered:
        called = manager.func if isinstance(manager, ast.Call) else manager
        last = last_name(called)
        if last not in _NO_CONTEXT and _CONTEXT.search(last.lower()) and isinstance(manager, (ast.Call, ast.Name)):
            name = names.dotted(scope, called) or ast.unparse(called)
            yield Sighting("yield", span_of(node), scope.function, name[:60])
            return
    for manager in entered:
        name = names.dotted(scope, manager.func) if isinstance(manager, ast.Call) else ""
        if name:  # whether that function enters a context, only the project knows
            yield Sighting("yield", span_of(node), scope.function, name, UNDER)


def _handed(scope: Scope, call: ast.Call, name: str, names: Names, span_of: SpanOf) -> Iterator[Sighting]:
    """Work handed to another thread: which function, and by what."""
    if any(keyword.arg == "context" for keyword in call.keywords):
        return
    work: ast.expr | None = next((k.value for k in call.keywords if k.arg in ("target", "function", "func")), None)
    position = {"run_in_executor": 1, "Timer": 1, "Thread": 1}.get(name, 0)
    if work is None and len(call.args) > position:
        work = call.args[position]
    if isinstance(work, ast.Name) and isinstance(made := scope.only_value(work.id), ast.Call):
        work = made  # `job = partial(audit, 1)`, then handed over by that name
    if isinstance(work, ast.Call) and isinstance(work.func, (ast.Name, ast.Attribute)):
        work = work.args[0] if last_name(work.func) == "partial" and work.args else None
    if isinstance(work, ast.Lambda):
        inside = f"{scope.name}.<lambda>" if scope.name else "<lambda>"
        yield Sighting("handed", span_of(call), scope.function, ".".join((*names.module, inside)), name)
        return
    start = path_of(work)
    resolved = names.resolve(scope, *start) if start is not None else None
    if resolved is not None:
        yield Sighting("handed", span_of(call), scope.function, ".".join(resolved.target), name)
