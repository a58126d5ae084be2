"""How a service does as a whole: the figures of its living processes, merged, and held against thresholds.

Only what was measured has a figure. Processes that ended, cleanly or not, count for the evidence
and not for how things are now.
"""

from __future__ import annotations

import math
import time

from .._common.documents import read_document
from .._common.record import NamedTuple
from .._common.times import seconds
from .._measures import histogram
from .presence import machine
from .workers import CAN_ASK, is_running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence

    Document = Dict[str, Any]
    Figures = Mapping[str, float]

FORMAT, VERSION = "outfall-baseline", 1
FRESH = 300.0  # seconds after which a process of another machine counts as ended
ADDED_UP = ("events_lost", "spans_leaked", "spans_open")  # gauges that count; of others the worst process's is shown
ENOUGH = 100  # requests, or reads, below which a share or a quantile says nothing

RUNNING, EXITED, KILLED, SILENT = "running", "exit", "killed", "silent"


class Breach(NamedTuple):
    """A threshold that is exceeded."""

    name: str
    found: float
    limit: float

    def __str__(self) -> str:
        return f"{self.name} is {self.found:.4g}, at most {self.limit:.4g} is allowed"


def fate(process: Document) -> str:
    """What became of the process: `running`, `exit`, `killed`, or `silent` (of another machine, and not heard of)."""
    if process.get("ended"):
        return str(process["ended"])
    if CAN_ASK and process.get("machine") == machine():
        return RUNNING if is_running(int(process["pid"]), str(process.get("birth") or "")) else KILLED
    return RUNNING if time.time() - seconds(str(process["updated"])) < FRESH else SILENT


def figures(processes: Iterable[Document], *, window: bool = True) -> Dict[str, float]:
    """What the living processes measured, together.

    Args:
        window: of the last ten minutes; otherwise since they started.
    """
    living = [one for one in processes if fate(one) == RUNNING]
    services = [one["service"] for one in living if isinstance(one.get("service"), dict)]
    parts = [one.get("window", {}) if window else one for one in services]
    found: Dict[str, float] = {"processes": float(len(living))}
    requests, errors = _sum(parts, "requests"), _sum(parts, "errors")
    lookups = _sum(parts, "lookups")
    latency = histogram.added(histogram.from_json(one.get("latency")) for one in parts)
    reads = histogram.added(histogram.from_json(one.get("reads")) for one in parts)
    if requests >= ENOUGH:
        found["error_rate"] = errors / requests
    found["requests"] = requests
    if lookups >= ENOUGH:
        found["not_found_rate"] = _sum(parts, "not_found") / lookups
    if sum(latency.values()) >= ENOUGH:
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            found[f"latency_{name}_ms"] = histogram.quantile(latency, share) * 1e3
    if sum(reads.values()) >= ENOUGH:
        found["registry_p99_ms"] = histogram.quantile(reads, 0.99) * 1e3
    found.update(_sizes(services))
    return {name: value for name, value in found.items() if math.isfinite(value)}


def breaches(found: Figures, baseline: Figures, limits: Mapping[str, float]) -> List[Breach]:
    """The thresholds that the figures exceed; rises are of the baseline's figures."""
    return [one for one in _compared(found, baseline, limits) if one.found > one.limit]


def _compared(found: Figures, baseline: Figures, limits: Mapping[str, float]) -> Iterator[Breach]:
    for name in ("registry_p99_ms", "tables_mb", "growth_mb_per_hour", "batch_lag_seconds"):
        if name in found:
            yield Breach(name, found[name], limits[name])
    if "not_found_rate" in found:
        yield Breach("not_found_rate", found["not_found_rate"], baseline.get("not_found_rate", 0.0) + limits["not_found_rate"])
    if "error_rate" in found and "error_rate" in baseline:
        # A service without a single error in its baseline is allowed one in a thousand.
        yield Breach("error_rate", found["error_rate"], max(baseline["error_rate"] * limits["error_rate_rise"], 0.001))
    if "processes" in baseline:
        yield Breach("processes", found["processes"], baseline["processes"] * limits["processes_rise"])


def baseline(processes: Sequence[Document]) -> Document:
    """The figures of a service as it is, to hold later ones against."""
    from .._common.times import now

    return {"format": FORMAT, "version": VERSION, "created": now(), "figures": figures(processes, window=False)}


def read_baseline(path: str) -> Dict[str, float]:
    """The figures of a baseline file.

    Raises:
        BrokenSource: it is not there, or is no baseline.
    """
    from ..errors import BrokenSource

    found = read_document(path, FORMAT, VERSION).get("figures")
    if not isinstance(found, dict) or not all(isinstance(one, (int, float)) for one in found.values()):
        raise BrokenSource(f'{path}: "figures" is missing or malformed; write it again with `metrics collect`')
    return {str(name): float(value) for name, value in found.items()}


def _sum(parts: Iterable[Document], name: str) -> float:
    return float(sum(one.get(name, 0) for one in parts))


def _sizes(services: Sequence[Document]) -> Dict[str, float]:
    """Of the process that is worst off: memory is each process's own."""
    tables = [one["tables"] for one in services if isinstance(one.get("tables"), dict)]
    grown = [one["growth"] for one in tables if one.get("growth") is not None]
    found: Dict[str, float] = {}
    if tables:
        found["tables_mb"] = max(one["bytes"] for one in tables) / 1e6
        found["table_entries"] = float(max(one["entries"] for one in tables))
    if grown:
        found["growth_mb_per_hour"] = max(grown) / 1e6
    gauges = [one["gauges"] for one in services if isinstance(one.get("gauges"), dict)]
    for name in sorted({name for one in gauges for name in one}):
        values = [one[name] for one in gauges if name in one]
        found[name] = sum(values) if name in ADDED_UP else max(values)
    return found
