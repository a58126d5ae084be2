"""Evidence: what this process recorded about its staged states, for the file that proves a removal.

With `OUTFALL_METRICS_DIR` set, every process that has a staged state writes one file there: every
minute (`OUTFALL_METRICS_SECONDS`), at exit, and whenever `write_snapshot` is called;
`python -m outfall_runtime metrics export` merges them. Evidence has names, modes, hours, counts and
call sites; never values.

Hazard: processes die at any instant and several write into one folder. So each writes a file of
its own, to a temporary name first, and replaces the old one as a whole.
"""

from __future__ import annotations

import os
import time
from itertools import count

from ._common import report
from ._common.documents import write_document
from ._common.leaving import leaving
from ._common.states import FOLDER_VARIABLE, book
from ._common.times import now
from ._measures.evidence import evidence, merge, read, read_folder
from ._measures.reporting import Reporter
from ._measures.service import service
from .errors import BrokenSource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Union

    Document = Dict[str, Any]
    _Path = Union[str, "os.PathLike[str]"]

__all__ = [
    "compact",
    "count_lookup",
    "count_request",
    "evidence",
    "gauge",
    "merge",
    "process",
    "read_folder",
    "write_snapshot",
]

class _Identity:
    """Who wrote: a process is told apart by host, number and start, because numbers come back."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.started = now()
        self.token = f"{time.time_ns():x}"
        self.next = count(1).__next__  # a number for each snapshot: of two by one process the later is known, whatever the clock did


_identity = _Identity()  # outfall: ignore[OUT109] the process writes under one name


def host() -> str:
    """How this process calls the place that it runs in: `OUTFALL_PROCESS_NAME`, else the host's name."""
    from socket import gethostname

    return os.environ.get("OUTFALL_PROCESS_NAME") or gethostname()


def started() -> str:
    """When this process began to record."""
    return _identity.started


def process(ended: str = "") -> Document:
    """What this process has recorded so far.

    Args:
        ended: how it ends, in its last snapshot.
    """
    from ._rollout.presence import birth, machine

    return {
        "host": host(),
        "pid": os.getpid(),
        "machine": machine(),
        "birth": birth(os.getpid()),
        "started": started(),
        "updated": now(),
        "sequence": _identity.next(),
        "ended": ended,
        "states": book.as_evidence(),
        "service": service.snapshot(),
    }


def count_request(*, failed: bool = False, seconds: Optional[float] = None) -> None:
    """Say that the service has answered a request; so the error rate and the latency are known.

    Args:
        failed: it was answered with an error of the service's own.
        seconds: how long it took.
    """
    service.count_request(failed=failed, seconds=seconds)
    if _reporter.idle:
        start_reporting()


def count_lookup(*, found: bool) -> None:
    """Say that something was looked up in a table, and whether it was there."""
    service.lookups.add()
    if not found:
        service.not_found.add()


def gauge(name: str, ask: Callable[[], float]) -> None:
    """Have every snapshot ask for a figure, such as `batch_lag_seconds`; one that fails is left out and logged."""
    service.gauges[name] = ask


def write_snapshot(folder: Optional[_Path] = None, *, ended: str = "") -> Optional[str]:
    """Write this process's evidence into `folder`, by default `OUTFALL_METRICS_DIR`.

    Returns:
        The file's path; None where no folder is configured.

    Raises:
        OSError: the file cannot be written; what stood there before is unharmed.
    """
    target = os.fspath(folder) if folder is not None else os.environ.get(FOLDER_VARIABLE)
    if not target:
        return None
    me = process(ended)
    from ._rollout.presence import plain

    os.makedirs(target, exist_ok=True)
    path = os.path.join(target, f"{plain(me['host'])}-{me['pid']}-{_identity.token}.json")
    write_document(path, evidence([me]))
    return path


def compact(folder: _Path) -> int:
    """Put the evidence of processes that ended into one file, so that short-lived ones do not fill the folder.

    Killed at any instant it harms nothing: a process that two files tell of is merged into one.

    Returns:
        The number of files that went.
    """
    from ._rollout.figures import RUNNING, fate

    place = os.fspath(folder)
    found: Dict[str, Document] = {}
    for name in sorted(os.listdir(place)):
        if name.endswith(".json"):
            try:
                document = read(os.path.join(place, name))
            except BrokenSource:  # `export` names it
                continue
            if all(fate(one) != RUNNING for one in document["processes"]):
                found[name] = document
    if len(found) < 2:
        return 0
    kept = f"ended-{time.time_ns():x}.json"
    ended = merge(found.values())
    for one in ended["processes"]:
        one["ended"] = fate(one)
    write_document(os.path.join(place, kept), ended)
    for name in found:
        try:
            os.unlink(os.path.join(place, name))
        except FileNotFoundError:  # somebody else does the same
            continue
    return len(found)


def start_reporting() -> None:
    """Write a snapshot now and then from here on; for the first staged state, or request, of a process."""
    _reporter.begin(bool(os.environ.get(FOLDER_VARIABLE)))


def _at_exit() -> None:
    _reporter.stop()
    try:
        if not _reporter.idle:  # a shell or a tool that only imports the runtime is no process of the service
            write_snapshot(ended="exit")
    except OSError as error:
        report.warn(f"evidence could not be written: {error}")


def _after_fork() -> None:
    _identity.renew()
    service.renew()
    _reporter.after_fork()


def _after_snapshot() -> None:
    if os.environ.get("OUTFALL_AUTO_ROLLBACK"):
        from ._rollout import guard

        guard.after_snapshot()


_reporter = Reporter(write_snapshot, _after_snapshot)  # outfall: ignore[OUT109] the process has one reporter
if os.environ.get(FOLDER_VARIABLE):
    leaving.add(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
