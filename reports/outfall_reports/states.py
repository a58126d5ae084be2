"""Joins journal, plans, inventory and evidence into one row per state: what moved, what did not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from outfall_reports.model import JournalEntry, Plan, ReportData

# What a declaration read before, by what it was moved onto; the inventory knows better.
_ORIGINS = {"Registry": "dict", "ContextLocal": "threading.local"}
_STAGED = "Staged"


class Standing(str, Enum):
    """How far a state has come."""

    PLANNED = "planned"  # migrate would rewrite it
    STAGED = "staged"  # old and new way side by side
    MOVED = "moved"  # the new way only: the old way is gone, or was never staged


@dataclass(frozen=True, slots=True)
class MovedState:
    """A state that was moved, or would be: from what, onto what, and in which mode it runs."""

    name: str
    kind: str
    origin: str
    target: str
    standing: Standing
    flag: str | None
    modes: tuple[tuple[str, int], ...]  # mode and the processes that run it, most common first
    path: str
    line: int
    accesses: int


@dataclass(frozen=True, slots=True)
class DeclinedState:
    """A state that migrate leaves alone, and why."""

    name: str
    kind: str
    codes: tuple[str, ...]
    reason: str
    evidence: tuple[str, ...]
    path: str
    line: int


def moved_states(data: ReportData) -> tuple[MovedState, ...]:
    """Every state with a rewrite: done according to the journal, else planned."""
    done = {plan.state: plan for plan in _journaled(data.journal) if not plan.declined}
    planned = {
        plan.state: plan
        for plan in data.plans or ()
        if not plan.declined and plan.state not in done and plan.target is not None
    }
    rows = [_row(plan, _standing(plan), data) for plan in done.values() if plan.target is not None]
    rows += [_row(plan, Standing.PLANNED, data) for plan in planned.values()]
    return tuple(sorted(rows, key=lambda row: row.name))


def declined_states(data: ReportData) -> tuple[DeclinedState, ...]:
    """Every state that is declined and was not rewritten later."""
    latest: dict[tuple[str, tuple[str, ...]], Plan] = {}
    for plan in (*_journaled(data.journal), *(data.plans or ())):
        if plan.declined:
            latest[plan.state, plan.codes] = plan
        else:
            latest = {key: kept for key, kept in latest.items() if key[0] != plan.state}
    return tuple(_declined(plan) for _, plan in sorted(latest.items()))


def _journaled(entries: tuple[JournalEntry, ...]) -> list[Plan]:
    """The plans that were carried out and stand, oldest first."""
    return [plan for entry in entries if entry.status == "done" for plan in entry.plans]


def _standing(plan: Plan) -> Standing:
    staged = plan.target is not None and plan.target.startswith(_STAGED)
    return Standing.STAGED if staged else Standing.MOVED


def _row(plan: Plan, standing: Standing, data: ReportData) -> MovedState:
    target = plan.target or ""
    return MovedState(
        name=plan.state,
        kind=plan.kind,
        origin=_origin(plan, data),
        target=target,
        standing=standing,
        flag=plan.flag,
        modes=_modes(plan.state, data) if standing is Standing.STAGED else (),
        path=plan.path,
        line=plan.line,
        accesses=plan.accesses,
    )


def _origin(plan: Plan, data: ReportData) -> str:
    """What the declaration was. An inventory taken later shows the runtime's own types: not asked."""
    target = (plan.target or "").removeprefix(_STAGED)
    for state in data.inventory or ():
        if state.state == plan.state and state.constructor and target not in state.constructor:
            return state.constructor
    return _ORIGINS.get(target, plan.kind)


def _modes(name: str, data: ReportData) -> tuple[tuple[str, int], ...]:
    running = Counter(
        process.states[name].mode for process in data.processes if name in process.states
    )
    return tuple(running.most_common())


def _declined(plan: Plan) -> DeclinedState:
    return DeclinedState(
        name=plan.state,
        kind=plan.kind,
        codes=plan.codes,
        reason=plan.reason or "no reason was recorded",
        evidence=plan.evidence,
        path=plan.path,
        line=plan.line,
    )
