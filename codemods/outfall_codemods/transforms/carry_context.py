"""Work handed to a thread takes its caller's context along, where the user asks for it.

Whether it should is a decision about that state, so nothing is carried unless `--carry` names it.
"""

from __future__ import annotations

import ast

from outfall_lint.model import Finding, Place

from ..edits import Edit, RuntimeName
from ..handed_work import work_of
from ..plan import Plan, decline, rewrite
from ..slot_edits import CannotRewrite, end_of, start_of
from ..text import SourceText
from ..transform import ALL, Case, Transform

_DECISION = "whether the work should see the caller's context is a decision"
TARGET = "context.wrap"


def accepts(finding: Finding) -> bool:
    return finding.code == "OUT207"


def plan(case: Case) -> Plan:
    """`rewrite` where the user asks for the state and a thread surely runs the work; else what the choice is."""
    state, codes, place = case.state, case.codes, case.findings[0].place
    asked = bool({state.name, ALL} & set(case.asked.carry))
    try:
        edits = _edits(case.others.source(place.path), place)
    except CannotRewrite as error:
        reason = f"{error.reason}; run it through `context.wrap` by hand if the work should see the caller's context"
        return decline(state, codes, reason, place)
    if not asked:
        return decline(state, codes, f"{_DECISION}; `--carry {state.name}` runs it through `context.wrap`", place)
    return rewrite(state, codes, TARGET, edits, place=place)


def _edits(source: SourceText, place: Place) -> tuple[Edit, ...]:
    call = next((n for n in ast.walk(source.tree) if isinstance(n, ast.Call) and source.place(n) == place), None)
    if call is None:
        raise CannotRewrite("the call is not plainly there", place.line)
    work = source.place(work_of(source.tree, call))
    return Edit(start_of(work), (RuntimeName("context"), ".wrap(")), Edit(end_of(work), (")",))


TRANSFORM = Transform(
    name="carry-context",
    fix_safety=(
        "Nothing is rewritten unless `--carry` names the state. The whole context is carried, not only that state, as "
        "`asyncio.to_thread` does; what the work sets in a context then ends with it, where a worker thread kept it for the "
        "next. A state that follows a flag is carried from mode `new` on."
    ),
    accepts=accepts,
    plan=plan,
    each_place=True,
)
