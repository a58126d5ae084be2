"""What running processes recorded: `python -m outfall_runtime metrics export`."""

from __future__ import annotations

from datetime import datetime

from outfall_reports.fields import Field
from outfall_reports.model import MODES, Process, StateRecord

FORMAT = "outfall-evidence"
REMEDY = "Write it again with `python -m outfall_runtime metrics export`"


def recognises(document: dict[str, object]) -> bool:
    return document.get("format") == FORMAT


def read(root: Field) -> tuple[Process, ...]:
    """Read the processes of an evidence file; raises `ReportError`."""
    root.check_version()
    return tuple(map(_process, root.get("processes").items()))


def accepted(root: Field) -> dict[str, str]:
    """The reasons, by call site and state, for what the operator has accepted."""
    reasons = root.optional("accepted")
    return {} if reasons is None else {name: reason.text() for name, reason in reasons.members()}


def merge(processes: tuple[Process, ...]) -> tuple[Process, ...]:
    """Keep the newest record of each process: exports may overlap and must not count twice."""
    newest: dict[tuple[str, str, int, datetime], Process] = {}
    for process in processes:
        identity = (process.host, process.machine, process.pid, process.started)
        known = newest.get(identity)
        if known is None or process.updated >= known.updated:
            newest[identity] = process
    return tuple(newest.values())


def _process(item: Field) -> Process:
    return Process(
        host=item.get("host").text(),
        machine=item.optional_text("machine") or "",
        pid=item.get("pid").count(),
        started=item.get("started").moment(),
        updated=item.get("updated").moment(),
        states={name: _record(field) for name, field in item.get("states").members()},
    )


def _record(item: Field) -> StateRecord:
    sites = [(site.get("site").text(), site.get("count").count()) for site in item.get("lost_sites").items()]
    return StateRecord(
        mode=item.get("mode").choice(MODES),
        hours={mode: item.get("hours").get(mode).amount() for mode in MODES},
        reads=_counts(item.get("reads")),
        writes=_counts(item.get("writes")),
        bleed=item.get("bleed").count(),
        inherited=item.get("inherited").count(),
        lost=item.get("lost").count(),
        would_evict=item.get("would_evict").count(),
        would_reject=0 if (rejected := item.optional("would_reject")) is None else rejected.count(),
        rollbacks=item.get("rollbacks").count(),
        lost_sites=dict(sites),
    )


def _counts(field: Field) -> dict[str, int]:
    return {mode: field.get(mode).count() for mode in MODES}
