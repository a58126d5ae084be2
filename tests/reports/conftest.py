"""Small valid documents, each as its format documents it, for tests to bend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Document = dict[str, Any]
MODES = ("legacy", "shadow", "new", "enforced")


class Documents:
    """Builds documents; keyword arguments replace or add members."""

    def plan(self, state: str = "app.agents._agents", **changes: Any) -> Document:
        return {
            "state": state,
            "kind": "registry",
            "codes": ["OUT101"],
            "action": "rewrite",
            "target": "StagedRegistry",
            "flag": "use_registry",
            "path": "app/agents.py",
            "line": 12,
            "accesses": 3,
            "reason": None,
            "evidence": [],
        } | changes

    def decline(self, state: str = "app.db._pool", **changes: Any) -> Document:
        declined = {"action": "decline", "target": None, "flag": None, "reason": "stays per thread"}
        return self.plan(state, **(declined | changes))

    def plans(self, *plans: Document) -> Document:
        return {"version": 1, "plans": list(plans)}

    def entry(self, *plans: Document, **changes: Any) -> Document:
        return {
            "format": "outfall-journal",
            "version": 1,
            "id": "20261121T101500Z-migrate",
            "command": "migrate",
            "created": "2026-11-21T10:15:00Z",
            "status": "done",
            "forced": None,
            "files": [
                {
                    "path": "app/agents.py",
                    "before": "sha256:" + "a1" * 32,
                    "after": "sha256:" + "b2" * 32,
                    "mode": 420,
                    "changed_lines": 2,
                }
            ],
            "plans": list(plans),
        } | changes

    def record(self, mode: str = "new", spent: float = 50.0, **changes: Any) -> Document:
        zero = dict.fromkeys(MODES, 0)
        return {
            "type": "table",
            "mode": mode,
            "hours": {**zero, mode: spent},
            "reads": zero,
            "writes": {**zero, mode: 7},
            "bleed": 0,
            "inherited": 0,
            "lost": 0,
            "would_evict": 0,
            "rollbacks": 0,
            "lost_sites": [],
        } | changes

    def process(self, host: str = "web-1", **changes: Any) -> Document:
        return {
            "host": host,
            "pid": 17,
            "started": "2026-11-20T10:00:00Z",
            "updated": "2026-11-23T10:00:00Z",
            "states": {"app.agents._agents": self.record()},
        } | changes

    def evidence(self, *processes: Document, **changes: Any) -> Document:
        return {
            "format": "outfall-evidence",
            "version": 1,
            "created": "2026-11-23T10:00:00Z",
            "processes": list(processes),
        } | changes

    def finding(self, state: str = "app.db._pool", **changes: Any) -> Document:
        return {
            "path": "app/db.py",
            "line": 5,
            "column": 1,
            "code": "OUT201",
            "name": "thread-local",
            "priority": "high",
            "state": state,
            "kind": "undecided",
            "message": "two tasks on one thread share it",
            "accesses": [{}, {}],
        } | changes

    def check(self, *findings: Document, errors: tuple[Document, ...] = ()) -> Document:
        summary = {"files": 12, "findings": len(findings), "by_code": {}, "suppressed": 0, "baselined": 0}
        return {"version": 1, "findings": list(findings), "errors": list(errors), "summary": summary}

    def inventory(self, *states: Document) -> Document:
        return {"version": 1, "states": list(states)}

    def ledger(self, **flags: Any) -> Document:
        return {"version": 1, "flags": flags}

    def load(self, **changes: Any) -> Document:
        return {
            "label": "before",
            "mode": "legacy",
            "requests": 200,
            "bled": 50,
            "seconds": 2.0,
            "latency_ms": {"p50": 10.0, "p95": 20.0, "p99": 40.0},
        } | changes

    def diagnosis(self, *findings: Document, **changes: Any) -> Document:
        return {
            "format": "outfall-diagnostics",
            "version": 1,
            "created": "2026-11-23T10:00:00.000Z",
            "host": "web-1",
            "pid": 17,
            "python": "3.13.0",
            "status": "ok",
            "findings": list(findings),
        } | changes


@pytest.fixture
def make() -> Documents:
    return Documents()


@pytest.fixture
def text_of() -> Callable[[str], str]:
    """The visible text of a page, its white space folded."""
    import html
    import re

    def strip(page: str) -> str:
        body = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<wbr>", "", re.sub(r"<(?!wbr)[^>]+>", " ", body))))

    return strip
