"""The flags of a project: `outfall-flags.toml`, or the same as JSON."""

from __future__ import annotations

import datetime

from outfall_reports.fields import Field
from outfall_reports.model import Flag

REMEDY = "Correct the ledger; `outfall flags` shows what it should hold"


def recognises(document: dict[str, object]) -> bool:
    """A ledger whose last flag is gone holds its version only."""
    return isinstance(document.get("flags"), dict) or set(document) == {"version"}


def read(root: Field) -> tuple[Flag, ...]:
    """Read a ledger; raises `ReportError`."""
    root.check_version()
    flags = root.optional("flags")
    return () if flags is None else tuple(_flag(name, field) for name, field in flags.members())


def _flag(name: str, item: Field) -> Flag:
    if isinstance(item.value, str):
        item.fail(
            "expected a flag of the ledger, found a value of a flag file",
            "Give the ledger (outfall-flags.toml), not the deployed flag file",
        )
    states, completed = item.optional("states"), item.optional("completed")
    return Flag(
        name=name,
        states=() if states is None else tuple(state.text() for state in states.items()),
        owner=item.optional_text("owner") or "",
        created=_date(item.get("created")),
        completed=None if completed is None else _date(completed.get("date")),
        evidence=None if completed is None else completed.optional_text("evidence"),
    )


def _date(field: Field) -> str:
    """A date as text: TOML gives a date, JSON a string."""
    return field.value.isoformat() if isinstance(field.value, datetime.date) else field.text()
