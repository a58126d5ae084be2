"""A `threading.local()` that keeps a resource stays per thread: as it is, or as a `ThreadResource` where that is asked for.

The `ThreadResource` gives it an owner, a way to close it when its thread ends, and figures. It opens
one resource per thread, as the code did, so only code whose every use tells when it opens one is rewritten.
"""

from __future__ import annotations

from outfall_lint.model import Finding, Kind, Operation, State

from ..declared_values import made_by_call
from ..edits import Edit
from ..namespace_calls import namespace_problem
from ..other_files import OtherFiles
from ..plan import Plan, decline, rewrite
from ..resource_edits import resource_edits
from ..slot_edits import CannotRewrite
from ..text import SourceText
from ..transform import Case, Transform


def accepts(finding: Finding) -> bool:
    return finding.code == "OUT201" and finding.state.kind is Kind.THREAD_RESOURCE


def plan(case: Case) -> Plan:
    """Left alone, with the evidence; `rewrite` where the user asks for it and every use is in sight."""
    state, codes = case.state, case.codes
    kept = f"stays per thread: {'; '.join(state.evidence) or 'nothing tells'}"
    try:
        edits = _edits(state, case.source, case.others)
    except CannotRewrite as error:
        against = f"; it cannot become a ThreadResource: {error.reason} ({case.source.path}:{error.line})"
        return decline(state, codes, kept + (against if case.asked.resources else ""))
    if not case.asked.resources:
        return decline(state, codes, f"{kept}; `--resources` puts it under a ThreadResource")
    return rewrite(state, codes, "ThreadResource", edits)


def _edits(state: State, source: SourceText, others: OtherFiles) -> tuple[Edit, ...]:
    line = state.place.line
    made = made_by_call(state, source)
    if state.constructor != "threading.local" or made is None or made.args or made.keywords:
        raise CannotRewrite("it is not declared by a plain call without arguments", line)
    if state.scope != "module" or state.annotated:
        raise CannotRewrite("it is no plain global of its module", line)
    outside = next((access for access in state.accesses if access.place.path != source.path), None)
    reached = others.mention(state.local_name, state.module, source.path) or any(others.reaching(state.local_name, source.path))
    if outside or state.public or reached:
        where = f" at {outside.place.path}:{outside.place.line}" if outside else ""
        raise CannotRewrite(f"code outside its module may use its attributes{where}", line)
    for access in state.accesses:
        if access.operation is Operation.ESCAPE and access.attribute is None:
            raise CannotRewrite(f"the namespace itself is {access.detail or 'let go'}", access.place.line)
    unseen = namespace_problem(source, state.local_name)
    if unseen:
        raise CannotRewrite(*unseen)
    return resource_edits(state, source)


TRANSFORM = Transform(
    name="thread-local-to-resource",
    fix_safety=(
        "Nothing is rewritten unless `--resources` asks for it. Each thread opens as many resources as before, at the same "
        "places. What is new: a forked child opens its own instead of using its parent's; where the code has a way to "
        "close the resource, that also happens when its thread ends, and an error in closing is a warning; a resource "
        "that is None counts as one; whoever asks after it was closed opens another, where it raised AttributeError."
    ),
    accepts=accepts,
    plan=plan,
)
