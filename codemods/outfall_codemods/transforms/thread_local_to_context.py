"""A `threading.local()` that carries context becomes a context local.

One that keeps a resource of its thread looks the same at run time, so the kind that the linter decided
from code, or that the configuration names, settles it. In doubt the plan is a question.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from outfall_lint.model import Access, Finding, Kind, Operation, State

from ..attributes import attributes
from ..declared_values import made_by_call
from ..edits import Edit, RuntimeName, quoted
from ..elsewhere import reaches
from ..namespace_calls import namespace_problem
from ..plan import Plan, decline, rewrite
from ..slot_edits import CannotRewrite
from ..text import SourceText
from ..transform import Case, Transform
from ..unsafe import Obstacle, first
from ..value_edits import TARGET, value_edits, value_names

_Bound = tuple[ast.expr, ast.Call, ast.expr | None]
_PROTOCOL_READS = frozenset({"getattr", "setattr", "hasattr", "delattr"})


def accepts(finding: Finding) -> bool:
    return finding.code == "OUT201" and finding.state.kind is not Kind.THREAD_RESOURCE


def plan(case: Case) -> Plan:
    """`rewrite` for context whose every use is in sight; else the reason against it."""
    state, codes, source = case.state, case.codes, case.source
    reason = _declaration_problem(state, source) or _kind_problem(state)
    if reason:
        return decline(state, codes, reason)
    bound = list(_bound(state, source))
    renewed = [source.place(target) for target, _, _ in bound]
    for access in state.accesses:
        if access.place in (state.place, *renewed):
            continue  # the declaration itself, where that stands in a function
        obstacle = first(_obstacles(access), case.asked.unsafe)
        if obstacle:
            return decline(state, codes, obstacle.reason, access.place, obstacle.name)
    if case.asked.idiomatic:
        try:
            return _as_values(case)
        except CannotRewrite as error:
            return _swapped(case, bound, (f"stays one namespace: {error.reason} ({error.path or source.path}:{error.line})",))
    return _swapped(case, bound)


def _swapped(case: Case, bound: Sequence[_Bound], evidence: tuple[str, ...] = ()) -> Plan:
    """The declarations change, the accesses stay."""
    state, codes, source = case.state, case.codes, case.source
    assert state.value is not None
    names = ", ".join(map(quoted, (state.name, *attributes(state))))
    made = (RuntimeName("StagedContextLocal"), f"({names})")
    values = dict.fromkeys((state.value, *(source.place(value) for _, value, _ in bound)))
    swaps = [Edit(value, made) for value in values]
    swaps += [Edit(source.place(said), (RuntimeName("ContextLocal"),)) for _, _, said in bound if said is not None]
    return rewrite(state, codes, "StagedContextLocal", tuple(swaps), "use_context", evidence)


def _bound(state: State, source: SourceText) -> Iterator[_Bound]:
    """Where its name gets a `threading.local()`, at first or anew as after a fork: name, value, and an annotation that says so."""
    places = {a.place for a in state.accesses if a.operation is Operation.REBIND and a.detail.endswith("call threading.local")}
    for node in source.nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call) and not node.value.args:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            said = node.annotation if isinstance(node, ast.AnnAssign) and _says_local(node.annotation) else None
            yield from ((target, node.value, said) for target in targets if source.place(target) in {*places, state.place})


def _says_local(annotation: ast.expr) -> bool:
    written = annotation.value if isinstance(annotation, ast.Constant) else ast.unparse(annotation)
    return str(written).rpartition(".")[2] == "local"


def _as_values(case: Case) -> Plan:
    """Each attribute a context value of its own; raises CannotRewrite where not every use is in sight or has a form."""
    state, source = case.state, case.source
    if state.scope != "module":
        raise CannotRewrite("it is not declared at module level", state.place.line)
    if state.public:
        raise CannotRewrite("it is public: code outside the project may use its attributes", state.place.line)
    elsewhere = reaches(state, case.others, source.path)
    reached = namespace_problem(source, state.local_name)
    if reached:
        raise CannotRewrite(*reached)
    names = value_names(source, state.local_name, attributes(state), any(reach.imported for reach in elsewhere))
    plan = rewrite(state, case.codes, TARGET, value_edits(state, source, names, elsewhere), "use_context")
    return replace(plan, names=tuple(f"{state.module}.{name}" for name in names.values()))


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
    made = made_by_call(state, source)
    if made is None or made.args or made.keywords:
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


TRANSFORM = Transform(
    name="thread-local-to-context",
    fix_safety=(
        "A context value follows asyncio tasks; it is not carried into plain threads, as a thread-local is not. "
        "A value that a pool's worker thread kept from one task to the next stays with the context that set it. "
        "Of one on an instance, each instance has values of its own, which end with it. With `--idiomatic`, reading a value "
        "that was never set raises LookupError instead of AttributeError; where a module tells absence by that error, "
        "or the name is public or stands anywhere in a way that is not understood, it stays one namespace."
    ),
    accepts=accepts,
    plan=plan,
)
