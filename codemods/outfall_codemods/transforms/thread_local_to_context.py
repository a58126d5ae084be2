"""A `threading.local()` that carries context becomes a context local.

One that keeps a resource of its thread looks the same at run time, so the kind that the linter decided
from code, or that the configuration names, settles it. In doubt the plan is a question.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from outfall_lint.model import Access, Finding, Kind, Operation, State

from ..edits import Edit, RuntimeName, quoted
from ..plan import Plan, decline, rewrite
from ..text import SourceText
from ..transform import Case, Transform
from ..unsafe import Obstacle, first

_PROTOCOL_READS = frozenset({"getattr", "setattr", "hasattr", "delattr"})


def accepts(finding: Finding) -> bool:
    return finding.code == "OUT201" and finding.state.kind is not Kind.THREAD_RESOURCE


def plan(case: Case) -> Plan:
    """`rewrite` for context whose every use is in sight; else the reason against it."""
    state, codes, source = case.state, case.codes, case.source
    reason = _declaration_problem(state, source) or _kind_problem(state)
    if reason:
        return decline(state, codes, reason)
    for access in state.accesses:
        if access.place == state.place:
            continue  # the declaration itself, where that stands in a function
        obstacle = first(_obstacles(access), case.asked.unsafe)
        if obstacle:
            return decline(state, codes, obstacle.reason, access.place, obstacle.name)
    assert state.value is not None
    names = ", ".join(map(quoted, (state.name, *_attributes(state))))
    swap = Edit(state.value, (RuntimeName("StagedContextLocal"), f"({names})"))
    return rewrite(state, codes, "StagedContextLocal", (swap,), "use_context")


def _kind_problem(state: State) -> str | None:
    if state.kind is Kind.CONTEXT:
        return None
    evidence = "; ".join(state.evidence) or "nothing tells"
    if state.kind is Kind.SPAN_STACK:
        return f"not yet: stacks come later; {evidence}; use one immutable tuple per change, held in a context variable"
    return (
        f"does it carry context, or keep something that belongs to its thread? {evidence}. Answer in pyproject.toml: "
        f'[tool.outfall.states] "{state.name}" = "context" or "thread-resource"'
    )


def _declaration_problem(state: State, source: SourceText) -> str | None:
    if state.constructor != "threading.local":
        return f"it is an instance of {state.constructor}, a subclass of threading.local; answer for that class first"
    if state.value is None or "".join(source.slice(state.value).split())[-2:] != "()":
        return "it is not declared by a plain call without arguments"
    return None


def _obstacles(access: Access) -> Iterator[Obstacle]:
    where = f"{access.place.path}:{access.place.line}"
    if access.operation is Operation.ESCAPE and access.attribute is None:
        yield Obstacle(f"the namespace itself is {access.detail or 'let go'} at {where}, out of our sight")
    if access.operation is Operation.REBIND or (access.operation is Operation.DELETE and access.attribute is None):
        yield Obstacle(f"its name is bound to something else at {where}")
    if access.attribute == "__dict__":
        yield Obstacle(f"its __dict__ is used at {where}; name the attributes instead")
    if access.attribute and access.operation.changes and _in_place(access):
        reason = (
            f"the value of `{access.attribute}` is changed in place at {where}: child tasks would share it; "
            "store a new value instead of changing the old one"
        )
        yield Obstacle(reason, "values-in-place")


def _in_place(access: Access) -> bool:
    """Whether the old value itself changes; what a number or text is added to is a new one."""
    if access.method == "__iadd__" and access.detail.rpartition("; ")[2].startswith(("constant", "computed text")):
        return False
    return access.method is not None and access.method not in _PROTOCOL_READS


def _attributes(state: State) -> tuple[str, ...]:
    """The attributes that the project uses, in the order of their first use."""
    ordered = sorted(state.accesses, key=lambda access: (access.place.path != state.place.path, access.place))
    names = dict.fromkeys(access.attribute for access in ordered if access.attribute)
    return tuple(name for name in names if name.isidentifier() and not keyword.iskeyword(name) and name[:2] != "__")


TRANSFORM = Transform(
    name="thread-local-to-context",
    fix_safety=(
        "A context value follows asyncio tasks; it is not carried into plain threads, as a thread-local is not. "
        "A value that a pool's worker thread kept from one task to the next stays with the context that set it. "
        "Of one on an instance, each instance has values of its own, which end with it."
    ),
    accepts=accepts,
    plan=plan,
)
