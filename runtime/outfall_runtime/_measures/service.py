"""How the service does: what it says of its requests, and what is measured beside it.

The service reports its requests by one call (`metrics.count_request`); the rest is measured here,
by the thread that writes snapshots: reads of the tables, their size and growth, and whatever other
parts register as a gauge. Figures are kept for the last ten minutes as well as since the start, so
that one snapshot says how things are now.

Hazard: requests are counted on every thread of a busy service. Counting takes no lock; a minute's
counts move into the window when a snapshot is written, by one thread at a time. What is a part of
something else is counted after it and read before it, so that no share is ever more than the whole.
"""

from __future__ import annotations

import sys
import threading
import time

from .._common.tallies import Tally
from .._tables.entry import MISSING
from .._tables.policies import oldest_key
from . import histogram as _histogram
from .histogram import Histogram

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    Gauge = Callable[[], float]

WINDOW = 600.0  # seconds that count as now
PROBES = 64  # reads of each table for each snapshot
MOST_TABLES = 50  # that are looked at for each snapshot
HOUR = 3600.0
LEAST_GROWTH = 900.0  # seconds of observation before a growth is told


class Service:
    """The figures of one process."""

    def __init__(self) -> None:
        self.requests = Tally()
        self.errors = Tally()
        self.latency = Histogram()
        self.reads = Histogram()
        self.lookups = Tally()
        self.not_found = Tally()
        self.gauges: Dict[str, Gauge] = {}
        self._marks: List[Tuple[float, Dict[str, Any]]] = []  # totals as they were, for the window
        self._sizes: List[Tuple[float, int]] = []
        self._moving = threading.RLock()  # for marks and sizes

    def count_request(self, *, failed: bool = False, seconds: Optional[float] = None) -> None:
        """See `metrics.count_request`."""
        self.requests.add()
        if failed:
            self.errors.add()
        if seconds is not None:
            self.latency.add(int(seconds * 1e9))

    def snapshot(self) -> Dict[str, Any]:
        """Everything, as it stands in a snapshot; also moves the window on."""
        tables = self._look_at_tables()
        with self._moving:
            now, totals = time.monotonic(), self._totals()
            while len(self._marks) > 1 and self._marks[1][0] <= now - WINDOW:
                self._marks.pop(0)
            start, before = self._marks[0] if self._marks else (now, _NOTHING)
            self._marks.append((now, totals))
        return {
            **_shown(totals),
            "window": {"seconds": round(now - start, 3), **_shown(_difference(totals, before))},
            "tables": tables,
            "gauges": self._gauges(),
        }

    def renew(self) -> None:
        """In a forked child: it begins at zero."""
        gauges = self.gauges
        self.__init__()  # type: ignore[misc]
        self.gauges = gauges

    def _totals(self) -> Dict[str, Any]:
        latency, errors, not_found = self.latency.counts(), self.errors.total(), self.not_found.total()
        return {
            "requests": self.requests.total(),
            "errors": errors,
            "lookups": self.lookups.total(),
            "not_found": not_found,
            "latency": latency,
            "reads": self.reads.counts(),
        }

    def _look_at_tables(self) -> Dict[str, Any]:
        from .._tables.backup import chosen
        from .._tables.sizes import size_of

        found = list(chosen(None).items())
        for _, table in found[:MOST_TABLES]:
            _probe(table, self.reads)
        sizes = [size_of(name, table) for name, table in found]
        total = sum(size.bytes for size in sizes)
        with self._moving:
            now = time.monotonic()
            self._sizes.append((now, total))
            while self._sizes[0][0] < now - HOUR:
                self._sizes.pop(0)
            grown = growth(self._sizes)
        largest = sorted(sizes, key=lambda size: -size.bytes)[:MOST_TABLES]
        return {
            "number": len(sizes),
            "entries": sum(size.entries for size in sizes),
            "bytes": total,
            "growth": grown,
            "largest": {size.name: {"entries": size.entries, "bytes": size.bytes} for size in largest},
        }

    def _gauges(self) -> Dict[str, float]:
        found: Dict[str, float] = {}
        for part in (_events, _spans):
            found.update(part())
        for name, ask in list(self.gauges.items()):
            try:
                found[name] = float(ask())
            except Exception as error:
                from .._common import report

                report.warn(f"gauge {name!r} failed: {type(error).__name__}: {error}")
        return found


_NOTHING: Dict[str, Any] = {"requests": 0, "errors": 0, "lookups": 0, "not_found": 0, "latency": {}, "reads": {}}


def growth(sizes: "List[Tuple[float, int]]") -> "float | None":
    """Bytes an hour by least squares over (seconds, bytes); None where too little was seen."""
    if not sizes or sizes[-1][0] - sizes[0][0] < LEAST_GROWTH:
        return None
    count = len(sizes)
    mean_time, mean_size = sum(when for when, _ in sizes) / count, sum(size for _, size in sizes) / count
    spread = sum((when - mean_time) ** 2 for when, _ in sizes)
    return sum((when - mean_time) * (size - mean_size) for when, size in sizes) / spread * HOUR


def _probe(table: Any, histogram: Histogram) -> None:
    """Time reads of a key of a table as a thread of the service sees them; past the counting of reads."""
    if not isinstance(table, dict):
        return
    key = oldest_key(table)
    if key is MISSING:
        return
    clock, read = time.perf_counter_ns, table._outfall_type.get  # type: ignore[attr-defined]
    for _ in range(PROBES):
        start = clock()
        read(table, key)
        histogram.add(clock() - start)


def _events() -> Dict[str, float]:
    """How far the handlers of events are behind, and how many events they never got; of a service that uses events."""
    module: Any = sys.modules.get("outfall_runtime.events")
    handlers = module.stats()["handlers"] if module is not None else []
    if not handlers:
        return {}
    lost = sum(one["dropped"] + one["failed"] for one in handlers)
    return {"batch_lag_seconds": max(one["lag"] for one in handlers), "events_lost": float(lost)}


def _spans() -> Dict[str, float]:
    """How many spans are open and were never ended; of a service that uses spans."""
    module: Any = sys.modules.get("outfall_runtime.spans")
    if module is None:
        return {}
    found = module.stats()
    return {"spans_open": float(found["open"]), "spans_leaked": float(found["leaked"])}


def _difference(now: Dict[str, Any], before: Dict[str, Any]) -> Dict[str, Any]:
    return {name: _less(value, before[name]) for name, value in now.items()}


def _less(now: Any, before: Any) -> Any:
    if isinstance(now, dict):
        return {number: count - before.get(number, 0) for number, count in now.items() if count > before.get(number, 0)}
    return now - before


def _shown(totals: Dict[str, Any]) -> Dict[str, Any]:
    return {name: _histogram.as_json(value) if isinstance(value, dict) else value for name, value in totals.items()}


service = Service()  # outfall: ignore[OUT109] what a process counts of itself
