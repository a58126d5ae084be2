"""What a running process found out about itself: `python -m outfall_runtime diagnostics --to DIR`."""

from __future__ import annotations

from outfall_reports.fields import Field
from outfall_reports.model import Diagnosis, DiagnosisFinding

FORMAT = "outfall-diagnostics"
REMEDY = "Write it again with `python -m outfall_runtime diagnostics --to DIR`"
STATUSES = ("ok", "warning", "failure")


def recognises(document: dict[str, object]) -> bool:
    return document.get("format") == FORMAT


def read(root: Field) -> Diagnosis:
    """Read one process's document; raises `ReportError`."""
    root.check_version()
    return Diagnosis(
        host=root.get("host").text(),
        pid=root.get("pid").count(),
        created=root.get("created").moment(),
        python=root.get("python").text(),
        findings=tuple(map(_finding, root.get("findings").items())),
    )


def _finding(item: Field) -> DiagnosisFinding:
    return DiagnosisFinding(
        component=item.get("component").text(),
        status=item.get("status").choice(STATUSES),
        detail=item.get("detail").text(),
        remedy=item.get("remedy").text(),
    )
