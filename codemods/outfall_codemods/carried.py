"""Whether there is anything to carry: only a context follows work into a thread, a thread-local never does."""

from __future__ import annotations

from collections.abc import Sequence

from outfall_lint.constructors import CONTEXT_VARS, RUNTIME

from .errors import UsageError
from .plan import Plan, decline
from .transform import ALL

CODE = "OUT207"


def with_something_to_carry(plans: Sequence[Plan], carry: Sequence[str]) -> list[Plan]:
    """The plans, of which those that would carry what stays per thread are declined.

    Raises `UsageError` for a state of which no work is handed over.
    """
    handed = {plan.state.name for plan in plans if CODE in plan.codes}
    for name in carry:
        if name not in handed and name != ALL:
            known = ", ".join(sorted(handed)) or "none"
            raise UsageError(f"no work that reads {name!r} is handed to another thread without it", f"such states: {known}")
    moved = {plan.state.name for plan in plans if plan.rewrites and CODE not in plan.codes}
    return [_kept(plan) if _carries(plan) and not _is_context(plan, moved) else plan for plan in plans]


def _carries(plan: Plan) -> bool:
    return plan.rewrites and CODE in plan.codes


def _is_context(plan: Plan, moved: set[str]) -> bool:
    constructor = plan.state.constructor
    return constructor in CONTEXT_VARS or constructor.partition(".")[0] == RUNTIME or plan.state.name in moved


def _kept(plan: Plan) -> Plan:
    return decline(plan.state, plan.codes, "it stays with its thread, so no context holds it that could be carried", plan.place)
