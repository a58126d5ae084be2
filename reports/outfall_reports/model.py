"""What a report is made from: the documents of the other parts, as frozen dataclasses.

The JSON formats are documented in docs/formats.md; this package reads them and imports none of
the packages that write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MODES = ("legacy", "shadow", "new", "enforced")
OLD_MODES = MODES[:2]
NEW_MODES = MODES[2:]
PERCENTILES = ("p50", "p95", "p99")
"""Of the latencies of a load test."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of `outfall check`."""

    path: str
    line: int
    code: str
    name: str
    priority: str
    state: str
    message: str
    accesses: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that a tool could not read."""

    path: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """The result of `outfall check --format json`."""

    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    files: int
    suppressed: int
    baselined: int


@dataclass(frozen=True, slots=True)
class InventoryState:
    """One state of `outfall inventory --format json`, and what makes it."""

    state: str
    constructor: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What migrate or remove-legacy does, or declines to do, with a state."""

    state: str
    kind: str
    codes: tuple[str, ...]
    declined: bool
    target: str | None
    flag: str | None
    path: str
    line: int
    accesses: int
    reason: str | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a journal entry; a digest is `None` where the file did not exist."""

    path: str
    before: str | None
    after: str | None
    changed_lines: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One run that changed files: prepared (interrupted), done, or undone."""

    id: str
    command: str
    created: str
    status: str
    forced: str | None
    files: tuple[ChangedFile, ...]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class StateRecord:
    """What one process recorded about one state. Hours, reads and writes are by mode."""

    mode: str
    hours: Mapping[str, float]
    reads: Mapping[str, int]
    writes: Mapping[str, int]
    bleed: int
    inherited: int
    lost: int
    would_evict: int
    rollbacks: int
    lost_sites: Mapping[str, int]
    would_reject: int = 0


@dataclass(frozen=True, slots=True)
class Process:
    """One process that recorded evidence, from `started` to its last report."""

    host: str
    pid: int
    started: datetime
    updated: datetime
    states: Mapping[str, StateRecord]
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag of the ledger. `completed` is a date, once the rollout is over."""

    name: str
    states: tuple[str, ...]
    owner: str
    created: str
    completed: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """One load test: how many requests bled, and how long they took (milliseconds)."""

    label: str
    mode: str
    requests: int
    bled: int
    seconds: float
    latency_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DiagnosisFinding:
    """One thing that a process found: `status` is `ok`, `warning` or `failure`."""

    component: str
    status: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What one running process found out about itself."""

    host: str
    pid: int
    created: datetime
    python: str
    findings: tuple[DiagnosisFinding, ...]


@dataclass(frozen=True, slots=True)
class Rollout:
    """What the project's configuration asks for before the old way may be removed.

    `accepted` gives reasons by call site (of a loss) and state (of would-be evictions).
    """

    dwell_hours: float = 48.0
    processes: tuple[str, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportData:
    """All that one report shows. Whatever is absent (`None`, empty) the page says so."""

    project: str = ""
    check: Check | None = None
    inventory: tuple[InventoryState, ...] | None = None
    plans: tuple[Plan, ...] | None = None
    journal: tuple[JournalEntry, ...] = ()
    processes: tuple[Process, ...] = ()
    flags: tuple[Flag, ...] | None = None
    load: tuple[LoadResult, ...] = ()
    diagnostics: tuple[Diagnosis, ...] = ()
    rollout: Rollout = field(default_factory=Rollout)
