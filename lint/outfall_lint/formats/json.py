"""The `json` format, version 1: see docs/formats.md."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from outfall_lint.engine import Analysis
from outfall_lint.model import Access, Finding, Problem

VERSION = 1


def render(analysis: Analysis) -> str:
    """Every finding of the analysis, whatever its priority, as one JSON document."""
    return json.dumps(document(analysis), indent=2, ensure_ascii=False) + "\n"


def document(analysis: Analysis) -> dict[str, Any]:
    """The document as Python values. Lines and columns count from 1."""
    seconds = max(analysis.seconds, 1e-6)
    return {
        "version": VERSION,
        "findings": [_finding(finding) for finding in analysis.findings],
        "errors": [_error(problem) for problem in analysis.problems],
        "summary": {
            "files": len(analysis.files),
            "findings": len(analysis.findings),
            "by_code": dict(sorted(Counter(f.code for f in analysis.findings).items())),
            "seconds": round(analysis.seconds, 4),
            "files_per_second": round(len(analysis.files) / seconds, 1),
            "suppressed": len(analysis.suppressed),
            "baselined": len(analysis.baselined),
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.place.path,
        "line": finding.place.line,
        "column": finding.place.column + 1,
        "code": finding.code,
        "name": finding.name,
        "priority": finding.priority.name.lower(),
        "state": finding.state.name,
        "kind": finding.state.kind.value,
        "message": finding.message,
        "accesses": [_access(access) for access in finding.state.accesses],
    }


def _access(access: Access) -> dict[str, Any]:
    return {
        "path": access.place.path,
        "line": access.place.line,
        "column": access.place.column + 1,
        "operation": access.operation.value,
        "function": access.function,
        "detail": access.detail,
    }


def _error(problem: Problem) -> dict[str, Any]:
    return {"path": problem.path, "line": problem.line, "message": problem.message}
