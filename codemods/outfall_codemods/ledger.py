"""Edits of the ledger `outfall-flags.toml`, its comments and order kept.

The functions take and give text: the ledger is one more file of a change set, written or undone
together with the code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

import tomlkit
from outfall_lint.ledger import Ledger, read_ledger
from tomlkit.exceptions import TOMLKitError

from .change import ChangeSet, FileChange
from .errors import UsageError

_VERSION = 1


def load(root: Path, path: str) -> Ledger:
    """The ledger as the linter reads it; an absent one is empty."""
    return read_ledger(root / path)


def with_states(text: str | None, states: Mapping[str, Sequence[str]], today: date, path: str = "") -> str:
    """The ledger with each group's flag declared and steering the given states."""
    document = _parsed(text, path)
    flags = document.setdefault("flags", tomlkit.table(is_super_table=True))
    for group, names in sorted(states.items()):
        flag = flags.get(group)
        if flag is None:
            flag = tomlkit.table()
            flag.update({"group": group, "states": [], "owner": "", "created": today})
            flags[group] = flag
        known = list(flag.get("states", []))
        flag["states"] = _listed([*known, *(name for name in names if name not in known)])
    return tomlkit.dumps(document)


def with_completion(text: str, name: str, day: date, evidence: str, path: str = "") -> str:
    """The ledger with the rollout of flag `name` recorded as over."""
    document = _parsed(text, path)
    flag = _flag(document, name, path)
    completed = tomlkit.inline_table()
    completed.update({"date": day, "evidence": evidence})
    flag["completed"] = completed
    return tomlkit.dumps(document)


def without(text: str, flags: Iterable[str] = (), states: Iterable[str] = (), path: str = "") -> str:
    """The ledger without these flags, and without these states in the flags that stay."""
    document = _parsed(text, path)
    table = document.get("flags", {})
    gone = set(states)
    for name in list(flags):
        if name in table:
            del table[name]
    for flag in table.values():
        if gone & set(flag.get("states", [])):
            flag["states"] = _listed([state for state in flag["states"] if state not in gone])
    if "flags" in document and not table:
        del document["flags"]
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def complete(root: Path, path: str, name: str, evidence_digest: str, today: date | None = None) -> ChangeSet:
    """The change that records in the ledger that `name` is completed."""
    before = _bytes(root / path)
    if before is None:
        raise UsageError(f"there is no ledger {path}", "`outfall migrate` writes the first one")
    after = with_completion(before.decode("utf-8"), name, today or date.today(), evidence_digest, path)
    return ChangeSet((FileChange(path, before, after.encode("utf-8")),))


def changed(root: Path, path: str, after: str) -> FileChange | None:
    """The ledger's file change; None where the text stays the same."""
    before = _bytes(root / path)
    encoded = after.encode("utf-8")
    return None if before == encoded else FileChange(path, before, encoded)


def text_of(root: Path, path: str) -> str | None:
    """The ledger's text; None where there is none."""
    data = _bytes(root / path)
    return None if data is None else data.decode("utf-8")


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _parsed(text: str | None, path: str) -> Any:
    if text is None:
        document = tomlkit.document()
        document["version"] = _VERSION
        return document
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise UsageError(f"{path}: {error}", "correct the ledger first") from error


def _flag(document: Any, name: str, path: str) -> Any:
    flags = cast(Mapping[str, Any], document.get("flags", {}))
    if name not in flags:
        raise UsageError(f"{path} declares no flag {name}", f"it declares: {', '.join(flags) or 'none'}")
    return flags[name]


def _listed(names: Sequence[str]) -> Any:
    array = tomlkit.array()
    array.extend(names)
    return array.multiline(len(names) > 1)
