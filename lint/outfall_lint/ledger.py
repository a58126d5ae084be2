"""Reads the ledger, `outfall-flags.toml`: which flags exist, what they steer, which are completed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from outfall_lint.closest import choice

GROUPS = ("use_registry", "use_context", "use_spans", "use_events", "enforce", "monitor")
_KEYS = ("group", "states", "owner", "created", "completed")


class LedgerError(Exception):
    """A ledger that cannot be used; the text names the file, the key and the remedy."""


@dataclass(frozen=True, slots=True)
class Completion:
    """When a flag's rollout was declared over, and the digest of the evidence for it."""

    date: date
    evidence: str


@dataclass(frozen=True, slots=True)
class Flag:
    """One declared flag. `group` is empty for a flag of hand-written guards."""

    name: str
    group: str
    states: tuple[str, ...]
    owner: str
    created: date | None
    completed: Completion | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every declared flag, in the order of the file."""

    flags: tuple[Flag, ...] = ()

    def flag(self, name: str) -> Flag | None:
        """The flag with this name; None where it is not declared."""
        return next((flag for flag in self.flags if flag.name == name), None)

    def flag_of(self, state: str) -> Flag | None:
        """The flag that steers a state; None where no flag names it."""
        return next((flag for flag in self.flags if state in flag.states), None)


def read_ledger(path: Path) -> Ledger:
    """The ledger at `path`; an empty one where there is no file. Raises `LedgerError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Ledger()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LedgerError(f"{path}: {error}") from None
    version = document.get("version")
    if version != 1:
        raise LedgerError(f"{path}: `version` is {version!r}, expected 1; write `version = 1` at the top")
    flags = document.get("flags", {})
    if not isinstance(flags, dict):
        raise LedgerError(f"{path}: `flags` must be a table; write one `[flags.NAME]` section per flag")
    for key in document:
        if key not in ("version", "flags"):
            raise LedgerError(f"{path}: unknown key `{key}`{choice(key, ('version', 'flags'))}")
    return Ledger(tuple(_flag(str(path), name, table) for name, table in flags.items()))


def _flag(path: str, name: str, table: Any) -> Flag:
    where = f"{path}: `flags.{name}"
    if not isinstance(table, dict):
        raise LedgerError(f"{where}` must be a table; write a `[flags.{name}]` section")
    for key in table:
        if key not in _KEYS:
            raise LedgerError(f"{where}.{key}` is unknown{choice(key, _KEYS)}")
    states = table.get("states", [])
    if not isinstance(states, list) or not all(isinstance(state, str) for state in states):
        raise LedgerError(f'{where}.states` must be a list of names such as "app.agents._agents"')
    for key in ("group", "owner"):
        if not isinstance(table.get(key, ""), str):
            raise LedgerError(f"{where}.{key}` must be a text")
    created = table.get("created")
    if created is not None and not isinstance(created, date):
        raise LedgerError(f"{where}.created` must be a date such as 2026-11-23, without quotes")
    return Flag(
        name=name,
        group=table.get("group", ""),
        states=tuple(states),
        owner=table.get("owner", ""),
        created=created,
        completed=_completion(where, table.get("completed")),
    )


def _completion(where: str, table: Any) -> Completion | None:
    if table is None:
        return None
    remedy = 'write { date = 2026-11-25, evidence = "sha256:…" }, or let `outfall flags complete` write it'
    if not isinstance(table, dict) or set(table) != {"date", "evidence"}:
        raise LedgerError(f"{where}.completed` needs exactly `date` and `evidence`; {remedy}")
    if not isinstance(table["date"], date) or not isinstance(table["evidence"], str):
        raise LedgerError(f"{where}.completed` has values of the wrong type; {remedy}")
    return Completion(table["date"], table["evidence"])
