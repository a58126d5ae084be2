"""What a process can find out about itself, component by component.

A check is a function that yields findings; one that fails itself is a finding, too. None changes
anything, and none counts as an access of the service.
"""

from __future__ import annotations

import os
import sys
import threading

from .._common.record import NamedTuple
from .._common.states import FOLDER_VARIABLE, book
from .._tables import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Mapping

    Check = Callable[[], "Iterator[Finding]"]

OK, WARNING, FAILURE = "ok", "warning", "failure"
MANY_TOMBSTONES = 1000
MOST_SHOWN = 20
LONG_LAG = 60.0  # seconds


class Finding(NamedTuple):
    """What one check found. `remedy` says what to do about it; empty where there is nothing to do."""

    component: str
    status: str
    detail: str
    remedy: str = ""


def flags_check() -> Iterator[Finding]:
    """Do the flags answer, does every state follow its flag, is the flag file followed?"""
    from .. import flags

    name = "flags"
    board, watcher = flags.board, flags.watcher
    settings = board.current.settings
    yield Finding(name, OK, f"{len(board.current.declared)} flags are declared, {len(settings)} are set")
    if board.stopped:
        yield Finding(name, WARNING, f"an emergency rollback holds: {board.stopped}", "`stage resume` ends it")
    for problem in flags.problems():
        yield Finding(name, WARNING, problem, "mend the flag file, or declare the name")
    for state in book.records():
        group = {"table": "use_registry", "context": "use_context"}.get(state.kind)
        if group is None:
            continue
        wanted = board.current.setting(f"{group}:{state.name}").mode
        if state.mode != wanted:
            detail = f"{state.name} is in {state.mode}, its flag says {wanted}"
            yield Finding(name, FAILURE, detail, "this is a fault of the runtime: roll the state back and report it")
    if watcher.path is None:
        yield Finding(name, OK, "no flag file is configured")
    elif watcher._thread is None:
        yield Finding(name, OK, f"{watcher.path} is not followed yet: this process has declared no flag and no state")
    elif not watcher._thread.is_alive():
        yield Finding(name, WARNING, f"{watcher.path} is not followed any more: its thread died", "restart the process")
    else:
        yield Finding(name, OK, f"{watcher.path} is followed at revision {watcher.revision}")


def tables_check() -> Iterator[Finding]:
    """Is every table's bookkeeping in step with what it holds?"""
    from .._tables.backup import chosen
    from .._tables.sizes import size_of
    from ..registry import Registry

    name = "tables"
    seen: Dict[str, int] = {}
    for title, _ in catalogue.living():
        seen[title] = seen.get(title, 0) + 1
    found = chosen(None)
    for title, table in found.items():
        size = size_of(title, table)
        yield Finding(name, OK, f"{title}: {size.entries} entries, about {size.bytes / 1e6:.3f} MB")
        if seen[title] > 1:
            yield Finding(name, WARNING, f"{title}: {seen[title]} tables have this name", "only the newest is shown and backed up")
        if isinstance(table, Registry):
            yield from _registry(title, table, size.kept)
    if not found:
        yield Finding(name, OK, "this process has no tables")


def _registry(title: str, table: Any, kept: int) -> Iterator[Finding]:
    known, held = table._outfall.entries, table._outfall.held
    settled = [(key, entry) for key, entry in list(known.items()) if key not in held]  # the others are being changed
    stray = sum(1 for key, entry in settled if dict.get(table, key) is not entry.value and known.get(key) is entry)
    over = sum(1 for key, entry in settled if entry.over() and known.get(key) is entry)
    if stray:
        detail = f"{title}: {stray} entries are about values that are not there any more"
        yield Finding("tables", WARNING, detail, "values were written past the table's API; they have no owner and no time to live")
    if over:
        yield Finding("tables", WARNING, f"{title}: {over} entries are over and still there", "`tables cleanup` removes them")
    if kept > MANY_TOMBSTONES:
        yield Finding("tables", WARNING, f"{title}: {kept} evicted entries are kept for a rollback", "they go at enforcement")


def context_check() -> Iterator[Finding]:
    """Do context fields stay where they were set?"""
    from contextvars import copy_context

    from .. import context

    def inside() -> object:
        with context.use(outfall_diagnostics="x"):
            return context.current().get("outfall_diagnostics")

    name = "context"
    if copy_context().run(inside) != "x":
        yield Finding(name, FAILURE, "a field that was set in a context cannot be read there")
    elif "outfall_diagnostics" in context.current():
        yield Finding(name, FAILURE, "a field that was set in another context is seen here")
    else:
        yield Finding(name, OK, "fields are seen where they were set, and nowhere else")
    lost = {record.name: record.lost.total() for record in book.records() if record.lost.total()}
    for state, count in lost.items():
        yield Finding(name, WARNING, f"{state}: the new way lost {count} values", "see its call sites in the evidence")


def spans_check() -> Iterator[Finding]:
    """Are spans ended?"""
    module: Any = sys.modules.get("outfall_runtime.spans")
    if module is None:
        yield Finding("spans", OK, "not used by this process")
        return
    yield Finding("spans", OK, _shown(module.stats()))
    places: Dict[str, int] = {}
    for leak in module.leaks():
        places[f"{leak.name} begun at {leak.where}"] = places.get(f"{leak.name} begun at {leak.where}", 0) + 1
    for place, count in sorted(places.items(), key=lambda pair: -pair[1])[:MOST_SHOWN]:
        yield Finding("spans", WARNING, f"{place} was never ended, {count} times", "use it as a `with` block")


def events_check() -> Iterator[Finding]:
    """Do events reach their handlers?"""
    module: Any = sys.modules.get("outfall_runtime.events")
    if module is None:
        yield Finding("events", OK, "not used by this process")
        return
    found = dict(module.stats())
    handlers = found.pop("handlers")
    yield Finding("events", OK, _shown(found))
    for one in handlers:
        who = f"handler {one['handler']} of {one['pattern']}"
        yield Finding("events", OK, f"{who}: {one['delivered']} delivered, {one['waiting']} wait")
        if one["failed"] or one["dropped"]:
            detail = f"{who}: {one['failed']} failed for good, {one['dropped']} were dropped because it is behind"
            yield Finding("events", WARNING, detail, "look for its errors in the log of `outfall_runtime`")
        if one["lag"] > LONG_LAG:
            yield Finding("events", WARNING, f"{who}: took nothing for {one['lag']:.0f} s", "it blocks; give it a timeout")


def _shown(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())


def control_check() -> Iterator[Finding]:
    """Does the flag file hold what its stage asks for, and is its history whole?"""
    from .. import control, flags
    from .._flags import flag_file
    from .._rollout import stages
    from .._rollout.moves import position_of

    name = "control"
    if flags.watcher.path is None:
        yield Finding(name, OK, "no flag file is configured, so there are no stages")
        return
    path = flag_file.place(flags.watcher.path)
    found = flag_file.read(path)
    position = position_of(found)
    yield Finding(name, OK, f"stage {stages.title(position)}, revision {found.reading.revision}")
    for flag in stages.short_of(position, found.settings):
        detail = f"{flag} is lower than stage {position} asks for"
        yield Finding(name, WARNING, detail, "`stage advance` takes the stage up again")
    if found.reading.revision > flags.watcher.revision:
        yield Finding(name, WARNING, f"this process has revision {flags.watcher.revision} only", "it should follow within a second")
    for problem in control.history(file=path)[1]:
        yield Finding(name, WARNING, problem)


def metrics_check() -> Iterator[Finding]:
    """Can evidence be written, and is it?"""
    from .. import metrics

    name = "metrics"
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        yield Finding(name, WARNING, f"{FOLDER_VARIABLE} is not set, so nothing is measured", "set it for every process")
        return
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        yield Finding(name, FAILURE, f"{folder} cannot be written", "create it, and let the service write there")
        return
    problems = metrics.read_folder(folder)[1]
    yield from (Finding(name, WARNING, problem, "remove the file") for problem in problems)
    reporting = "outfall-evidence" in {thread.name for thread in threading.enumerate()}
    detail = "evidence is written now and then" if reporting else "nothing here has anything to report yet"
    yield Finding(name, OK, detail)


CHECKS: Dict[str, Check] = {
    "flags": flags_check,
    "tables": tables_check,
    "context": context_check,
    "spans": spans_check,
    "events": events_check,
    "control": control_check,
    "metrics": metrics_check,
}
