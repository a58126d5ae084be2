"""What the evidence says of each state, over all processes, and what removal still waits for.

The rules are those of `outfall remove-legacy`: every process named in the configuration reports,
every reporting process runs the new way, each has done so for the dwell time, the state was used
at least once, and nothing was lost or would have been evicted. `remove-legacy` decides; this page
only shows how far it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from outfall_reports.model import MODES, NEW_MODES, OLD_MODES, Process, ReportData, Rollout, StateRecord


@dataclass(frozen=True, slots=True)
class StateRollout:
    """One state's evidence, summed over the processes that report it.

    `hours` are process-hours by mode; `hours_new` is the shortest time that any process name has
    spent in `new` or `enforced`, which is what the dwell time is measured against.
    """

    name: str
    hours: tuple[tuple[str, float], ...]
    hours_new: float
    processes: int
    old_writes: int
    new_writes: int
    reads: int
    bleed: int
    inherited: int
    lost: int
    would_evict: int
    rollbacks: int
    lost_sites: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]

    @property
    def ready(self) -> bool:
        return not self.missing


def rollouts(data: ReportData, staged: tuple[str, ...] = ()) -> tuple[StateRollout, ...]:
    """One row for every state with evidence, and for every staged state that has none yet."""
    reported = {name for process in data.processes for name in process.states}
    return tuple(_rollout(name, data) for name in sorted(reported | set(staged)))


def _rollout(name: str, data: ReportData) -> StateRollout:
    reports = [(process, process.states[name]) for process in data.processes if name in process.states]
    records = [record for _, record in reports]
    sites: Counter[str] = Counter()
    for record in records:
        sites.update(record.lost_sites)
    return StateRollout(
        name=name,
        hours=tuple((mode, sum(record.hours[mode] for record in records)) for mode in MODES),
        hours_new=min(_hours_new(reports).values(), default=0.0),
        processes=len(records),
        old_writes=sum(record.writes[mode] for record in records for mode in OLD_MODES),
        new_writes=sum(record.writes[mode] for record in records for mode in NEW_MODES),
        reads=sum(sum(record.reads.values()) for record in records),
        bleed=sum(record.bleed for record in records),
        inherited=sum(record.inherited for record in records),
        lost=sum(record.lost for record in records),
        would_evict=sum(record.would_evict for record in records),
        rollbacks=sum(record.rollbacks for record in records),
        lost_sites=tuple(sites.most_common()),
        missing=tuple(_missing(reports, data.rollout)),
    )


def _hours_new(reports: list[tuple[Process, StateRecord]]) -> dict[str, float]:
    """Hours in `new` or `enforced` by process name: of several processes the longest counts."""
    longest: dict[str, float] = {}
    for process, record in reports:
        hours = sum(record.hours[mode] for mode in NEW_MODES)
        longest[process.host] = max(hours, longest.get(process.host, 0.0))
    return longest


def _missing(reports: list[tuple[Process, StateRecord]], rollout: Rollout) -> Iterator[str]:
    """What removal waits for, one sentence each; nothing when the state is ready."""
    hosts = {process.host for process, _ in reports}
    for name in rollout.processes:
        if name not in hosts:
            yield f"no evidence from process {name}"
    if not reports:
        if not rollout.processes:
            yield "no process has reported it yet"
        return
    old = Counter(record.mode for _, record in reports if record.mode in OLD_MODES)
    for mode, number in old.items():
        yield f"{number} of {len(reports)} processes still run it in {mode}"
    for host, hours in sorted(_hours_new(reports).items()):
        if hours < rollout.dwell_hours:
            yield f"{host}: {rollout.dwell_hours - hours:.1f} h more in new or enforced"
    if not any(sum(record.reads.values()) + sum(record.writes.values()) for _, record in reports):
        yield "no access was recorded: nothing shows that it is in use"
    if lost := sum(record.lost for _, record in reports):
        yield f"{lost} reads lost: fix them, or accept their call sites with a reason"
    if evict := sum(record.would_evict for _, record in reports):
        yield f"{evict} entries would have been evicted: set limits and owners that fit"
