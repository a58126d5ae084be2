"""What the evidence says of each state, summed over all processes."""

from __future__ import annotations

from dataclasses import dataclass

from outfall_reports.model import MODES, NEW_MODES, OLD_MODES, ReportData
from outfall_reports.readiness import lost_values, missing


@dataclass(frozen=True, slots=True)
class StateRollout:
    """One state's evidence, summed over the processes that report it.

    `hours` are process-hours by mode: two processes side by side for an hour make two.
    """

    name: str
    hours: tuple[tuple[str, float], ...]
    processes: int
    old_writes: int
    new_writes: int
    reads: int
    bleed: int
    inherited: int
    lost: int
    lost_sites: tuple[tuple[str, int, str], ...]  # with the reason where it was accepted
    accepted: str  # why the state's would-be evictions were
    missing: tuple[str, ...]

    @property
    def losing(self) -> bool:
        """Whether the new way lost values that nobody accepted."""
        return any(not reason for _, _, reason in self.lost_sites)

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
    accepted = data.rollout.accepted
    return StateRollout(
        name=name,
        hours=tuple((mode, sum(record.hours[mode] for record in records)) for mode in MODES),
        processes=len(records),
        old_writes=sum(record.writes[mode] for record in records for mode in OLD_MODES),
        new_writes=sum(record.writes[mode] for record in records for mode in NEW_MODES),
        reads=sum(sum(record.reads.values()) for record in records),
        bleed=sum(record.bleed for record in records),
        inherited=sum(record.inherited for record in records),
        lost=sum(record.lost for record in records),
        lost_sites=tuple((site, count, accepted.get(site, "")) for site, count in lost_values(reports).items()),
        accepted=accepted.get(name, ""),
        missing=tuple(missing(name, reports, data.rollout)),
    )
