"""What migrate would do: `outfall migrate --plan=json`."""

from __future__ import annotations

from dataclasses import replace

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
    """Read an array of plans, as the plan document and the journal hold it: one for each state that a plan makes."""
    return tuple(replace(_plan(item), state=name) for item in field.items() for name in _names(item))


def _names(item: Field) -> tuple[str, ...]:
    """What the state is called afterwards, or what the states are that it becomes."""
    names = item.optional("names")
    found = () if names is None else tuple(name.text() for name in names.items())
    return found or (item.get("state").text(),)


def _plan(item: Field) -> Plan:
    return Plan(
        state=item.get("state").text(),
        kind=item.get("kind").text(),
        codes=tuple(code.text() for code in item.get("codes").items()),
        declined=item.get("action").choice(ACTIONS) == "decline",
        target=item.optional_text("target"),
        flag=item.optional_text("flag"),
        path=item.get("path").text(),
        line=item.get("line").count(),
        accesses=item.get("accesses").count(),
        reason=item.optional_text("reason"),
        evidence=tuple(sentence.text() for sentence in item.get("evidence").items()),
    )
