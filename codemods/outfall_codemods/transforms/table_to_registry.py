"""A container at module or class level becomes a registry: the declaration is swapped, every access stays.

Each registry *is* its type, so reads, writes, `json.dumps`, `isinstance` and operators keep
working, for this project and for outsiders who import the name.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from outfall_lint.collect import is_test
from outfall_lint.constructors import CONTAINERS
from outfall_lint.model import Access, Finding, Operation, Place, State

from ..declared_values import made_by_call, value_of
from ..edits import Edit, RuntimeName, quoted
from ..own_entries import is_keyed_by_threads
from ..plan import Plan, decline, rebinds, rewrite
from ..text import SourceText
from ..transform import Case, Transform

_CODES = frozenset({"OUT101", "OUT102", "OUT103", "OUT104", "OUT106"})
_EXACT_TYPE_SINKS = (
    "marshal.dump", "marshal.dumps", "yaml.dump", "yaml.dump_all", "yaml.safe_dump", "yaml.safe_dump_all", "msgpack.packb", "msgpack.pack",
)  # fmt: skip
_BREAK = re.compile(r"(?:\r\n|\r|\n)[ \t]*")
_NAMESPACE_SINKS = ("exec", "eval", "type")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one container type is written, and what it becomes."""

    target: str
    displays: tuple[type[ast.expr], ...] = ()
    keeps_value: bool = True  # the whole value stays as the initial content; else its arguments do
    most: int = 1  # positional arguments that the registry takes over
    keywords: tuple[str, ...] = ()


_KINDS = {
    "dict": _Kind("StagedRegistry", (ast.Dict, ast.DictComp)),
    "list": _Kind("StagedListRegistry", (ast.List, ast.ListComp)),
    "set": _Kind("StagedSetRegistry", (ast.Set, ast.SetComp)),
    "collections.deque": _Kind("StagedDequeRegistry", keeps_value=False, most=2, keywords=("maxlen",)),
    "collections.defaultdict": _Kind("StagedDefaultRegistry", keeps_value=False, most=2),
    "collections.OrderedDict": _Kind("StagedOrderedRegistry", keeps_value=False),
    "collections.Counter": _Kind("StagedCounterRegistry", keeps_value=False),
}
_KEPT = {
    "weakref.WeakKeyDictionary": "its entries already end with their keys; a registry would keep them alive",
    "weakref.WeakValueDictionary": "its entries already end with their values; a registry would keep them alive",
    "weakref.WeakSet": "its members already end with their owners; a registry would keep them alive",
}


def accepts(finding: Finding) -> bool:
    """Whether the state is a container that keeps its name for life (`X += …` changes it in place)."""
    state = finding.state
    if finding.code not in _CODES or state.constructor not in CONTAINERS:
        return False
    if finding.code == "OUT106" and is_keyed_by_threads(state):
        return False
    return state.scope == "class" or not any(map(rebinds, state.accesses))


def plan(case: Case) -> Plan:
    """`rewrite` for a container that is made where it is declared; else the reason against it."""
    state, codes, source = case.state, case.codes, case.source
    problem = _declaration_problem(state, source)
    if problem:
        return decline(state, codes, problem)
    for access in state.accesses:
        if rebinds(access) and state.scope == "class" and is_test(access.place.path):
            continue  # a test that puts a table of its own in the class, as it always did
        reason = _access_problem(access)
        if reason:
            return decline(state, codes, reason, access.place)
    kind = _KINDS[state.constructor]
    return rewrite(state, codes, kind.target, _swap(state, kind, source), "use_registry")


def _declaration_problem(state: State, source: SourceText) -> str | None:
    if state.constructor in _KEPT:
        return f"kept: {_KEPT[state.constructor]}"
    if state.constructor not in _KINDS:
        return f"a {state.constructor} has no registry of its type; make it a dict or a list first, or guard it by a lock"
    if state.scope == "class" and _in_function(state, source):
        return "its class is made anew by each call of a function; move the class to module level first"
    if state.scope not in ("module", "class"):
        return f"it is declared at {state.scope} level, where each call makes another; move it to module level first"
    if state.value is None:
        return "it has no declared value that could be swapped; declare it at module or class level first"
    if not _is_made_here(state, source):
        return "its declared value is not made at this place, so another name may hold the same object"
    return None


def _in_function(state: State, source: SourceText) -> bool:
    functions = (n for n in source.nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return any(function.lineno <= state.place.line <= (function.end_lineno or 0) for function in functions)


def _is_made_here(state: State, source: SourceText) -> bool:
    """Whether the declared value is a new container, of arguments that the registry takes over."""
    kind = _KINDS[state.constructor]
    if isinstance(value_of(state, source), kind.displays):
        return True
    made = made_by_call(state, source)
    if made is None or kind.keeps_value:
        return made is not None
    named = all(keyword.arg in kind.keywords for keyword in made.keywords)
    return named and len(made.args) <= kind.most and not any(isinstance(arg, ast.Starred) for arg in made.args)


def _swap(state: State, kind: _Kind, source: SourceText) -> tuple[Edit, ...]:
    """`{}` → `Registry("name", {})`; `deque(maxlen=9)` → `DequeRegistry("name", maxlen=9)`."""
    assert state.value is not None
    if kind.keeps_value:
        start, end = _ends(state.value)
        return Edit(start, (RuntimeName(kind.target), f"({quoted(state.name)}, ")), Edit(end, (")",))
    made, text = made_by_call(state, source), source.slice(state.value)
    assert made is not None
    named = ast.get_source_segment(f"({text}\n)", made.func) or ""
    opening = text.index("(", len(named))
    of_what = named[named.index("[") :] if isinstance(made.func, ast.Subscript) else ""  # `deque[int](…)`
    given = bool(made.args or made.keywords)
    bare = _is_bare_generator(made, f"({text}\n)")
    broken = _BREAK.match(text, opening + 1) if given and not bare else None
    name = (broken.group() if broken else "") + quoted(state.name) + ("," if broken else ", " if given else "")
    head = (RuntimeName(kind.target), f"{of_what}({name}{'(' * bare}")
    begun = Edit(_stretch(source, state.value, opening + 1), head)
    last = replace(state.value, line=state.value.end_line, column=state.value.end_column - 1, end_column=state.value.end_column - 1)
    return (begun, Edit(last, (")",))) if bare else (begun,)


def _is_bare_generator(made: ast.Call, text: str) -> bool:
    """Whether a generator without brackets of its own is the only argument, which it cannot be beside another."""
    first = made.args[0] if made.args else None
    written = ast.get_source_segment(text, first) if isinstance(first, ast.GeneratorExp) else None
    return written is not None and (ast.get_source_segment(text, made) or "").endswith(written)


def _ends(place: Place) -> tuple[Place, Place]:
    """The empty stretches before and after a place."""
    start = replace(place, end_line=place.line, end_column=place.column)
    return start, replace(place, line=place.end_line, column=place.end_column)


def _stretch(source: SourceText, place: Place, length: int) -> Place:
    """The first `length` characters of a place."""
    text = source.slice(place)[:length]
    lines = text.count("\n")
    column = place.column + length if not lines else length - text.rindex("\n") - 1
    return replace(place, end_line=place.line + lines, end_column=column)


def _access_problem(access: Access) -> str | None:
    """Why this access would not survive the swap; None where it would."""
    where = f"{access.place.path}:{access.place.line}"
    if rebinds(access):
        return f"it is bound to another object at {where}; change it in place (`clear`, `update`) instead"
    if access.operation is Operation.DELETE and access.method is None and access.attribute is None:
        return f"its name is deleted at {where}; clear it instead"
    sink = access.detail.removeprefix("passed to ") if access.detail.startswith("passed to ") else ""
    if access.operation is Operation.ESCAPE and sink in _EXACT_TYPE_SINKS:
        return f"it is passed to {sink} at {where}, which takes no subclass of its type; pass a plain copy there"
    if access.operation is Operation.ESCAPE and sink in _NAMESPACE_SINKS:
        return f"it is passed to {sink} at {where}, which may need the exact type; pass a plain copy there"
    return None


TRANSFORM = Transform(
    name="table-to-registry",
    fix_safety=(
        "A registry is a subclass of its type: only code that asks for the exact type (`type(x) is dict`, marshal, "
        "strict serialisers) can tell the difference. Changes of nested values (`X[k][j] = v`) and C code that "
        "reaches into a list (`heapq`) pass by its hooks. Where an empty container has no annotation and mypy guessed "
        "its type from a later `X[k] = v`, it now asks for one."
    ),
    accepts=accepts,
    plan=plan,
)
