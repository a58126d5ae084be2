"""What removal still waits for. The rules are those of `outfall remove-legacy`, which decides.

Every process named in the configuration reports the state and has run the new way for the dwell
time (all processes together, where none is named); no process runs the old way now; the state
was used; nothing was lost, would have been evicted or refused, unless that was accepted; nothing was rolled back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from outfall_reports.model import NEW_MODES, Process, Rollout, StateRecord
from outfall_reports.words import plural

Report = tuple[Process, StateRecord]
UNPLACED = "places that are not known"


def missing(name: str, reports: Sequence[Report], rollout: Rollout) -> Iterator[str]:
    """One sentence for each thing that removal waits for; nothing when the state is ready."""
    if not reports:
        yield "no process reports it"
        return
    hosts = {process.host for process, _ in reports}
    for process in rollout.processes:
        if process not in hosts:
            yield f"{process} does not report it"
    yield from _dwell(reports, rollout)
    if old := sorted(_running_old(reports)):
        yield f"the new way does not serve on {', '.join(old)}"
    if not any(sum(record.reads.values()) + sum(record.writes.values()) for _, record in reports):
        yield "no access was recorded: nothing shows that it works"
    for site, count in lost_values(reports).items():
        if site not in rollout.accepted:
            yield f"{plural(count, 'value was', 'values were')} lost by the new way at {site}"
    if name not in rollout.accepted:
        if evicted := sum(record.would_evict for _, record in reports):
            yield f"{plural(evicted, 'entry', 'entries')} would have been evicted"
        if rejected := sum(record.would_reject for _, record in reports):
            yield f"{plural(rejected, 'registration', 'registrations')} would have been refused"
    if rollbacks := sum(record.rollbacks for _, record in reports):
        remedy = "begin the next attempt with an empty metrics folder"
        yield f"{plural(rollbacks, 'rollback was', 'rollbacks were')} recorded; {remedy}"


def lost_values(reports: Sequence[Report]) -> dict[str, int]:
    """How many values the new way lost, by call site, most first; `UNPLACED` for those whose site is not known."""
    sites: Counter[str] = Counter()
    for _, record in reports:
        sites.update(record.lost_sites)
    unplaced = sum(record.lost for _, record in reports) - sites.total()
    return dict(sites.most_common()) | ({UNPLACED: unplaced} if unplaced > 0 else {})


def _dwell(reports: Sequence[Report], rollout: Rollout) -> Iterator[str]:
    named: list[tuple[str, Sequence[Report]]] = [
        (name, [each for each in reports if each[0].host == name]) for name in rollout.processes
    ]
    for name, group in named or [("", reports)]:
        hours = min(_hours_new(group), _wall_hours(group))
        if group and hours + 1e-9 < rollout.dwell_hours:
            where = f" on {name}" if name else ""
            yield f"{hours:.1f} of {rollout.dwell_hours:g} hours in the new way{where}"


def _hours_new(reports: Sequence[Report]) -> float:
    return sum(record.hours[mode] for _, record in reports for mode in NEW_MODES)


def _wall_hours(reports: Sequence[Report]) -> float:
    """Hours during which at least one process ran: workers side by side count once."""
    seconds = 0.0
    covered = min((process.started for process, _ in reports), default=None)
    for process, _ in sorted(reports, key=lambda each: each[0].started):
        if covered is not None and process.updated > covered:
            seconds += (process.updated - max(process.started, covered)).total_seconds()
            covered = process.updated
    return seconds / 3600


def _running_old(reports: Sequence[Report]) -> Iterator[str]:
    """Where the latest process of a name still runs the old way, with its mode."""
    latest = latest_by_host(process for process, _ in reports)
    current = {(p.host, record.mode) for p, record in reports if p.updated == latest[p.host]}
    return (f"{host} ({mode})" for host, mode in current if mode not in NEW_MODES)


def latest_by_host(processes: Iterable[Process]) -> dict[str, datetime]:
    """When each host last reported: of a process that was restarted, the latest counts."""
    latest: dict[str, datetime] = {}
    for process in processes:
        latest[process.host] = max(process.updated, latest.get(process.host, process.updated))
    return latest
