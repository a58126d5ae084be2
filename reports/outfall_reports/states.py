"""Joins journal, plans, inventory and evidence into one row per state: what moved, what did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from outfall_reports.model import JournalEntry, Plan, ReportData
from outfall_reports.readiness import latest_by_host

# What a declaration read before, by what it was moved onto; the inventory knows better.
_ORIGINS = {
    "Registry": "dict",
    "DefaultRegistry": "defaultdict",
    "OrderedRegistry": "OrderedDict",
    "CounterRegistry": "Counter",
    "ListRegistry": "list",
    "SetRegistry": "set",
    "DequeRegistry": "deque",
    "ContextLocal": "threading.local",
    "ContextValue": "threading.local",
    "ThreadResource": "threading.local",
    "Slot": "global",
    "Lazy": "global",
    "class_slot": "class attribute",
}
_CARRIED = "context.wrap"  # the target of a plan that moves no state: work takes the context along
_STAGED = "Staged"
_RUNTIME = "outfall_runtime."


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
    """Every state with a rewrite: done according to the journal, else planned.

    What the code declares now, where an inventory says so, outranks what the journal once wrote:
    the old way may have been removed since, or the change taken back by version control.
    """
    back = _taken_back(data)
    carried_out = (plan for plan in _journaled(data.journal) if not plan.declined and plan.target != _CARRIED)
    done = _latest(plan for plan in carried_out if plan.state not in back)
    planned = {
        plan.state: plan
        for plan in data.plans or ()
        if not plan.declined and plan.state not in done and plan.target not in (None, _CARRIED)
    }
    targets = _targets(data)
    rows = [
        _row(plan, target, _standing(target), data)
        for plan in done.values()
        if (target := targets.get(plan.state, plan.target)) is not None
    ]
    rows += [_row(plan, plan.target or "", Standing.PLANNED, data) for plan in planned.values()]
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


def _latest(plans: Iterable[Plan]) -> dict[str, Plan]:
    """The last plan of each state; one that removes the old way (it has no codes) says nothing of what was there."""
    found: dict[str, Plan] = {}
    for plan in plans:
        first = found.get(plan.state)
        removal = first is not None and not plan.codes
        found[plan.state] = replace(plan, kind=first.kind, accesses=first.accesses) if first and removal else plan
    return found


def _targets(data: ReportData) -> dict[str, str]:
    """The runtime's type that each state is declared with now, as far as the inventory knows."""
    return {
        state.state: state.constructor.removeprefix(_RUNTIME)
        for state in data.inventory or ()
        if state.constructor is not None and state.constructor.startswith(_RUNTIME)
    }


def _taken_back(data: ReportData) -> frozenset[str]:
    """The states that are plain in the code as it is now, whatever the journal once did: another branch, a revert."""
    return frozenset(
        state.state
        for state in data.inventory or ()
        if state.constructor and not state.constructor.startswith(_RUNTIME)
    )


def _standing(target: str) -> Standing:
    return Standing.STAGED if target.startswith(_STAGED) else Standing.MOVED


def _row(plan: Plan, target: str, standing: Standing, data: ReportData) -> MovedState:
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
    """What the declaration was: an inventory from before knows, otherwise what the target replaces."""
    for state in data.inventory or ():
        if state.state == plan.state and state.constructor and not state.constructor.startswith(_RUNTIME):
            return state.constructor
    return _ORIGINS.get((plan.target or "").removeprefix(_STAGED), plan.kind)


def _modes(name: str, data: ReportData) -> tuple[tuple[str, int], ...]:
    """Modes by how many processes run them; of a process that was restarted the latest counts."""
    latest = latest_by_host(data.processes)
    running = Counter(
        process.states[name].mode
        for process in data.processes
        if name in process.states and process.updated == latest[process.host]
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
