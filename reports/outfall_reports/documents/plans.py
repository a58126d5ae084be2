"""What migrate would do: `outfall migrate --plan=json`."""

from __future__ import annotations

from outfall_reports.fields import Field
from outfall_reports.model import Plan

REMEDY = "Write it again with `outfall migrate --plan=json`"
ACTIONS = ("rewrite", "decline")


def recognises(document: dict[str, object]) -> bool:
    return "plans" in document and "format" not in document


def read(root: Field) -> tuple[Plan, ...]:
    """Read a plan document; raises `ReportError`."""
    root.check_version()
    return read_plans(root.get("plans"))


def read_plans(field: Field) -> tuple[Plan, ...]:
    """Read an array of plans, as the plan document and the journal hold it."""
    return tuple(map(_plan, field.items()))


def _plan(item: Field) -> Plan:
    return Plan(
        state=item.get("state").text(),
        kind=item.get("kind").text(),
        codes=tuple(code.text() for code in item.get("codes").items()),
        declined=item.get("action").choice(ACTIONS) == "decline",
        target=_optional_text(item, "target"),
        flag=_optional_text(item, "flag"),
        path=item.get("path").text(),
        line=item.get("line").count(),
        accesses=item.get("accesses").count(),
        reason=_optional_text(item, "reason"),
        evidence=tuple(sentence.text() for sentence in item.get("evidence").items()),
    )


def _optional_text(item: Field, name: str) -> str | None:
    field = item.optional(name)
    return None if field is None else field.text()
