"""What running processes recorded, held against what a removal asks for.

The files are written by `python -m outfall_runtime metrics export`. Nothing is assumed: whatever
is not shown is missing, and is named.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from outfall_lint.config import Rollout

from ..errors import UsageError
from .recorded import SERVING, NotEvidence, StateRecord, recorded

_ACCEPT = 'mend that, or accept it: [tool.outfall.rollout.accepted] "{}" = "the reason"'


@dataclass(frozen=True)
class Evidence:
    """All records of all files, by state, the digest that stands for the files, and what was accepted in them.

    `accepted` gives reasons by call site and state; the operator wrote them into `flags.stages.json`.
    """

    records: dict[str, tuple[StateRecord, ...]]
    digest: str
    accepted: dict[str, str] = field(default_factory=dict)


def read_evidence(files: Sequence[Path]) -> Evidence:
    """Read the files; raise `UsageError` for the first that is not evidence."""
    found: dict[str, tuple[StateRecord, ...]] = {}
    accepted: dict[str, str] = {}
    hashed = hashlib.sha256()
    for path in files:
        try:
            data = path.read_bytes()
            said = recorded(data)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}", "name a file that can be read") from error
        except NotEvidence as error:
            remedy = "write one with `outfall metrics export`"
            raise UsageError(f"{path} is not an evidence file: {error}", remedy) from error
        hashed.update(data)
        accepted |= said.accepted
        for state, record in said.records:
            found[state] = _with(found.get(state, ()), record)
    return Evidence(found, "sha256:" + hashed.hexdigest(), accepted)


def _with(records: tuple[StateRecord, ...], new: StateRecord) -> tuple[StateRecord, ...]:
    """The records with a new one; of two snapshots of one process the later counts, which holds the earlier."""
    same = [r for r in records if (r.host, r.machine, r.pid, r.started) == (new.host, new.machine, new.pid, new.started)]
    latest = max((*same, new), key=lambda record: (record.updated, record.hours))
    return (*(record for record in records if record not in same), latest)


def missing(evidence: Evidence, states: Iterable[str], rollout: Rollout) -> tuple[str, ...]:
    """What still speaks against removing the old way of these states, one sentence each."""
    accepted = {**evidence.accepted, **rollout.accepted}
    return tuple(
        reason for state in states for reason in _missing(state, evidence.records.get(state, ()), rollout, accepted)
    )


def _missing(
    state: str, records: Sequence[StateRecord], rollout: Rollout, accepted: Mapping[str, str]
) -> Iterator[str]:
    if not records:
        yield f"{state}: no process reports it"
        return
    hosts = {record.host for record in records}
    for host in rollout.processes:
        if host not in hosts:
            yield f"{state}: {host} does not report it"
    yield from _dwell(state, records, rollout)
    off = sorted({f"{r.host} ({r.mode})" for r in records if r.mode not in SERVING and r.updated == _last(records, r.host)})
    if off:
        yield f"{state}: the new way does not serve on {', '.join(off)}"
    if not sum(record.accesses for record in records):
        yield f"{state}: no access was recorded, so nothing shows that it works"
    yield from _losses(state, records, accepted)
    if rollbacks := sum(record.rollbacks for record in records):
        remedy = "begin the next attempt with an empty metrics folder"
        yield f"{state}: {_counted(rollbacks, 'rollback was', 'rollbacks were')} recorded; {remedy}"


def _losses(state: str, records: Sequence[StateRecord], accepted: Mapping[str, str]) -> Iterator[str]:
    """What the new way missed or would have thrown away, less what somebody accepted with a reason."""
    sites: Counter[str] = Counter()
    for record in records:
        sites.update(dict(record.lost_sites))
    for site, count in sorted(sites.items()):
        if site not in accepted:
            yield f"{state}: {_counted(count, 'value was', 'values were')} lost by the new way at {site}; {_ACCEPT.format(site)}"
    if (lost := sum(record.lost for record in records) - sites.total()) > 0:
        yield f"{state}: {_counted(lost, 'value was', 'values were')} lost by the new way at places that are not known"
    for one, many, what, count in (
        ("entry", "entries", "would have been evicted", sum(record.would_evict for record in records)),
        ("registration", "registrations", "would have been refused", sum(record.would_reject for record in records)),
    ):
        if count and state not in accepted:
            yield f"{state}: {_counted(count, one, many)} {what}; {_ACCEPT.format(state)}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _dwell(state: str, records: Sequence[StateRecord], rollout: Rollout) -> Iterator[str]:
    """Hours in the new way: of each configured process, or of all together where none is configured."""
    needed = rollout.dwell_hours
    groups = [(host, [r for r in records if r.host == host]) for host in rollout.processes]
    for host, group in groups or [("", list(records))]:
        hours = min(sum(record.hours for record in group), _wall_hours(group))
        if group and hours + 1e-9 < needed:
            where = f" on {host}" if host else ""
            yield f"{state}: {hours:.1f} of {needed:g} hours in the new way{where}"


def _wall_hours(records: Iterable[StateRecord]) -> float:
    """Hours during which at least one of the processes ran: workers side by side count once."""
    total = 0.0
    reached: datetime | None = None
    for record in sorted(records, key=lambda r: r.started):
        begin = record.started if reached is None else max(record.started, reached)
        total += max((record.updated - begin).total_seconds(), 0.0)
        reached = record.updated if reached is None else max(reached, record.updated)
    return total / 3600


def _last(records: Iterable[StateRecord], host: str) -> datetime:
    return max(record.updated for record in records if record.host == host)
