"""A mapping keyed by threads becomes a context value where each thread touches its own entry only.

What it keeps is told as that of a thread-local is: context moves, a thread's own resource stays. Where
threads look at each other's entries, count them or clean them away, no context can answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from outfall_lint import thread_locals
from outfall_lint.model import Access, Finding, Kind, Operation, State

from ..edits import Edit, RuntimeName, quoted
from ..elsewhere import Load, reaches
from ..global_uses import global_uses
from ..namespace_calls import namespace_problem
from ..own_entries import KEYED, is_keyed_by_threads, own_entry_edits
from ..plan import Plan, decline, rewrite
from ..slot_declarations import declarations
from ..slot_edits import CannotRewrite
from ..text import SourceText
from ..transform import Case, Transform
from ..unsafe import Obstacle, first
from ..value_types import is_type

_ADVICE = "use a context variable, which ends with its task, where only the own entry is read"
_SETTLED = (Kind.CONTEXT, Kind.THREAD_RESOURCE)
_ENDS = "an entry ends with its thread, in every mode: a later thread of the same number does not find it"


def accepts(finding: Finding) -> bool:
    """Whether a mapping keyed by threads is reported, or a write to one from another module."""
    return finding.code == "OUT203" or (finding.code == "OUT106" and is_keyed_by_threads(finding.state))


def plan(case: Case) -> Plan:
    """`rewrite` for context whose every use is one of the own entry; else the reason, or the question."""
    state, codes, source = case.state, case.codes, case.source
    try:
        edits = _edits(case)
    except CannotRewrite as error:
        return decline(state, codes, f"its keys name threads, and {error.reason} ({error.path or source.path}:{error.line}); {_ADVICE}")
    kind, evidence = (state.kind, ("the configuration says so",)) if state.kind in _SETTLED else _kept(state)
    if kind is Kind.THREAD_RESOURCE:
        return decline(state, codes, f"stays per thread: {'; '.join(evidence)}")
    if kind is not Kind.CONTEXT:
        return decline(state, codes, _question(state, "; ".join(evidence)))
    obstacle = first(_obstacles(state), case.asked.unsafe)
    if obstacle:
        return decline(state, codes, obstacle.reason, obstacle.place, obstacle.name)
    return rewrite(replace(state, kind=kind, evidence=evidence), codes, "StagedContextValue", edits, "use_context", (_ENDS,))


def _kept(state: State) -> tuple[Kind, tuple[str, ...]]:
    """What the entries are, and the evidence: each is to its thread what an attribute of a thread-local is."""
    return thread_locals.decide(state.local_name, [_as_attribute(access, state.local_name) for access in state.accesses])


def _as_attribute(access: Access, name: str) -> Access:
    told = access.detail.partition(KEYED)[0].removesuffix("; ")
    method = None if access.method in ("__setitem__", "__getitem__") else access.method
    return replace(access, attribute=name, method=method, detail=told)


def _question(state: State, evidence: str) -> str:
    return (
        f"do its entries carry context, or keep something that belongs to their thread? {evidence or 'Nothing tells'}. Answer in "
        f'pyproject.toml: [tool.outfall.states] "{state.name}" = "context" or "thread-resource"'
    )


def _obstacles(state: State) -> Iterator[Obstacle]:
    for access in state.accesses:
        if access.operation is Operation.MUTATE and access.detail.startswith("inside an entry"):
            where = f"{access.place.path}:{access.place.line}"
            reason = f"an entry is changed in place at {where}: child tasks would share it; store a new value instead"
            yield Obstacle(reason, "values-in-place", access.place)


def _edits(case: Case) -> tuple[Edit, ...]:
    """Raises CannotRewrite where the declaration or a use has no form with a value."""
    state, source, line = case.state, case.source, case.state.place.line
    declaration = _declaration(state, source)
    if state.public:
        raise CannotRewrite("it is public: code outside the project may look at its entries", line)
    elsewhere = reaches(state, case.others, source.path)
    reached = namespace_problem(source, state.local_name)
    if reached:
        raise CannotRewrite(*reached)
    uses = global_uses(source, state.local_name)
    if uses.problem or len(uses.bindings) != 1:
        raise CannotRewrite("its name is bound to something else", uses.problem[1] if uses.problem else declaration.lineno)
    assert declaration.value is not None
    made = Edit(source.place(declaration.value), (RuntimeName("StagedContextValue"), f"({quoted(state.name)})"))
    used = [edit for each in ((source, uses.loads), *((r.source, r.loads) for r in elsewhere)) for edit in _used(*each)]
    return (made, *_typed(source, declaration), *used)


def _used(source: SourceText, loads: Sequence[Load]) -> list[Edit]:
    """The edits of one file's uses."""
    try:
        if "KeyError" in source.text:
            raise CannotRewrite("its module may take a KeyError for the absence of an entry", loads[0].lineno if loads else 1)
        return list(own_entry_edits(source, loads))
    except CannotRewrite as error:
        raise CannotRewrite(error.reason, error.line, source.path) from None


def _declaration(state: State, source: SourceText) -> ast.Assign | ast.AnnAssign:
    """The plain statement that makes it, empty, at module level."""
    if state.scope != "module":
        raise CannotRewrite(f"it is declared at {state.scope} level", state.place.line)
    found = declarations(source.tree, state.local_name, global_uses(source, state.local_name))
    if not found or len(found) != 1 or state.constructor != "dict":
        raise CannotRewrite("it is no plain dict that its module declares once", state.place.line)
    assert found[0].value is not None
    if ast.unparse(found[0].value) not in ("{}", "dict()"):
        raise CannotRewrite("it does not begin empty", found[0].lineno)
    return found[0]


def _typed(source: SourceText, node: ast.Assign | ast.AnnAssign) -> Iterator[Edit]:
    """`dict[int, str]` → `ContextValue[str]`."""
    if not isinstance(node, ast.AnnAssign):
        return
    told = node.annotation
    types = told.slice.elts if isinstance(told, ast.Subscript) and isinstance(told.slice, ast.Tuple) else []
    if len(types) != 2 or not is_type(types[1]):
        raise CannotRewrite("its type does not tell that of an entry", node.lineno)
    entry = source.slice(source.place(types[1]))
    yield Edit(source.place(told), (RuntimeName("StagedContextValue"), f"[{entry}]"), whole=True)


TRANSFORM = Transform(
    name="thread-keyed-to-value",
    fix_safety=(
        "An entry ends with its thread; before, a later thread of the same number found it. Reading an entry that was "
        "never made raises LookupError instead of KeyError; where the module catches KeyError it is left alone. From mode "
        "`new` on, tasks of one thread have entries of their own, and inherit that of the task that started them."
    ),
    accepts=accepts,
    plan=plan,
)
