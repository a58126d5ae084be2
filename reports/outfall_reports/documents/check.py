"""The result of `outfall check --format json`."""

from __future__ import annotations

from outfall_reports.fields import Field
from outfall_reports.model import Check, Finding, Problem

REMEDY = "Write it again with `outfall check --format json`"


def recognises(document: dict[str, object]) -> bool:
    return "findings" in document and "summary" in document


def read(root: Field) -> Check:
    """Read a check; raises `ReportError`."""
    root.check_version()
    summary = root.get("summary")
    return Check(
        findings=tuple(map(_finding, root.get("findings").items())),
        problems=tuple(map(_problem, root.get("errors").items())),
        files=summary.get("files").count(),
        suppressed=summary.get("suppressed").count(),
        baselined=summary.get("baselined").count(),
    )


def _finding(item: Field) -> Finding:
    return Finding(
        path=item.get("path").text(),
        line=item.get("line").count(),
        code=item.get("code").text(),
        name=item.get("name").text(),
        priority=item.get("priority").text(),
        state=item.get("state").text(),
        message=item.get("message").text(),
        accesses=len(list(item.get("accesses").items())),
    )


def _problem(item: Field) -> Problem:
    line = item.optional("line")
    return Problem(
        path=item.get("path").text(),
        line=None if line is None else line.count(),
        message=item.get("message").text(),
    )
