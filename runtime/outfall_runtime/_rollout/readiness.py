"""Whether a rollout may go on to its next stage: nothing is assumed, whatever was not measured is missing.

Hazard: clocks are set back and forth, and processes die. So a dwell time has to be shown twice:
by the wall clock since the stage began, and by what processes counted on clocks that only go
forward; the smaller counts.
"""

from __future__ import annotations

import os

from .._common.modes import RANK
from .._common.times import hours_between, union_hours
from . import guard, stages
from . import workers as _workers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Sequence

    from .._flags.flag_file import FlagFile
    from .limits import Limits
    from .stages import Stage

    Document = Dict[str, Any]

GROUP_OF_TYPE = {"table": "use_registry", "context": "use_context", "spans": "use_spans", "events": "use_events"}


def missing(
    file: FlagFile, position: str, upcoming: Stage, limits: Limits, folder: Optional[str], now: float
) -> List[str]:
    """What speaks against going from `position` to the upcoming stage, one sentence each.

    Args:
        folder: where processes leave their evidence.
        now: seconds since the epoch.
    """
    if not folder:
        return ["nothing is measured: set OUTFALL_METRICS_DIR for the service and here, or give --metrics"]
    from .. import metrics

    documents, problems = metrics.read_folder(folder)
    processes = metrics.merge(documents)["processes"]
    found = [f"evidence cannot be read: {problem}" for problem in problems]
    found += _following(file, folder, limits)
    if position != stages.NOT_BEGUN:
        began = str(file.rollout.get("since", ""))
        stage = stages.named(position)
        recent = [one for one in processes if hours_between(began, str(one["updated"])) >= 0]
        found += _wall_dwell(stage, began, limits, now)
        found += _states(file, stage, upcoming, recent, began, limits)
        found += _health(file, folder, limits)
    return found


def _health(file: FlagFile, folder: str, limits: Limits) -> Iterator[str]:
    """How the service does, beside its baseline and the thresholds."""
    if not os.path.exists(guard.place(file.path)):
        yield f"no baseline ({guard.place(file.path)}): write one with `metrics collect`"
        return
    figures, breaches = guard.measured(file.path, folder)
    for breach in breaches:
        if breach.name not in limits.accepted:
            yield str(breach)
    if figures.get("events_lost") and "events_lost" not in limits.accepted:
        yield f"{figures['events_lost']:.0f} events never reached their handler; see `diagnostics events`"
    if "error_rate" not in figures and "error_rate" not in limits.accepted:
        yield "the error rate is not known: the service has to call metrics.count_request for every request"


def _following(file: FlagFile, folder: str, limits: Limits) -> Iterator[str]:
    workers, problems = _workers.living(folder, file.path)
    yield from problems
    if not workers:
        yield f"no running process follows {file.path}"
    for worker in workers:
        if worker.problem and file.document:
            yield f"{worker} does not follow the flag file: {worker.problem}"
        elif worker.revision < file.reading.revision:
            yield f"{worker} has revision {worker.revision} of the flag file, not {file.reading.revision}"
        if worker.stopped:
            yield f"{worker} is stopped by an emergency rollback: {worker.stopped}"
    hosts = {worker.host for worker in workers}
    for host in limits.processes:
        if host not in hosts:
            yield f"{host} is required, and no process of that name runs"


def _wall_dwell(stage: Stage, began: str, limits: Limits, now: float) -> Iterator[str]:
    spent = hours_between(began, now)
    needed = limits.dwell[stage.name]
    if spent < 0:
        yield f"stage {stages.title(stage.name)} began at {began}, which this clock has not reached: check the clock"
    elif spent < needed:
        yield f"stage {stages.title(stage.name)} has lasted {spent:.2f} of {needed:g} hours"


def _states(
    file: FlagFile, stage: Stage, upcoming: Stage, processes: Sequence[Document], began: str, limits: Limits
) -> Iterator[str]:
    aside = set(stages.held_back(stage.name, file.settings))
    by_state: Dict[str, List[Document]] = {}
    for process in processes:
        for name, record in process["states"].items():
            by_state.setdefault(name, []).append({**record, "process": process})
    for name, records in sorted(by_state.items()):
        group = GROUP_OF_TYPE.get(str(records[0].get("type")), "")
        if not group or f"{group}:{name}" in aside:
            continue
        if group in stage.groups:
            yield from _measured_dwell(name, records, stage, began, limits.dwell[stage.name])
        if group in stage.groups or group in upcoming.groups:
            yield from _faults(name, records, limits)
    if not by_state:
        yield f"no process has reported a staged state since the stage began at {began}"


def _measured_dwell(
    name: str, records: Sequence[Document], stage: Stage, began: str, needed: float
) -> Iterator[str]:
    there = [one for one in records if RANK[one["mode"]] >= RANK[stage.mode]]
    latest: Dict[str, Document] = {}
    for one in records:
        host = str(one["process"]["host"])
        if host not in latest or latest[host]["process"]["updated"] <= one["process"]["updated"]:
            latest[host] = one
    for host, one in sorted(latest.items()):
        if RANK[one["mode"]] < RANK[stage.mode]:
            yield f"{name}: {host} process {one['process']['pid']} has it in {one['mode']}, not {stage.mode}"
    spent = union_hours([(str(one["process"]["updated"]), float(one.get("unbroken", 0.0))) for one in there], began)
    if spent < needed:
        yield f"{name}: measured {spent:.2f} of {needed:g} hours in {stage.mode}"


def _faults(name: str, records: Sequence[Document], limits: Limits) -> Iterator[str]:
    accepted = name in limits.accepted
    if not accepted and not any(sum(one["reads"].values()) + sum(one["writes"].values()) for one in records):
        yield f"{name}: no access was recorded, so nothing shows that it works"
    sites: Dict[str, int] = {}
    for one in records:
        for lost in one["lost_sites"]:
            sites[lost["site"]] = sites.get(lost["site"], 0) + lost["count"]
    for site, count in sorted(sites.items()):
        if site not in limits.accepted:
            yield f"{name}: the new way lost {count} values at {site}; mend that, or accept it with a reason"
    unplaced = sum(one["lost"] for one in records) - sum(sites.values())
    if unplaced > 0:
        yield f"{name}: the new way lost {unplaced} values at places that are not known"
    for what, count in (
        ("entries would have been evicted", sum(one["would_evict"] for one in records)),
        ("registrations would have been refused", sum(one.get("would_reject", 0) for one in records)),
    ):
        if count and not accepted:
            yield f"{name}: {count} {what}; mend that, or accept the state with a reason"
