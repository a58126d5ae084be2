"""Sentences that several rules' messages share."""

from __future__ import annotations

from collections.abc import Sequence

from outfall_lint.model import Access, Priority


def changed_in(accesses: Sequence[Access]) -> str:
    """Where a state is changed: "`register` and 2 more functions"."""
    functions = list(dict.fromkeys(a.function for a in accesses if a.function))
    if not functions:
        return "other modules"
    first = f"`{functions[0]}`"
    if len(functions) == 1:
        return first
    return f"{first} and {len(functions) - 1} more function{'s' if len(functions) > 2 else ''}"


def lowered(priority: Priority) -> Priority:
    """One step less urgent."""
    return Priority(max(Priority.LOW, priority - 1))


def one_lock(changes: Sequence[Access]) -> str | None:
    """The lock under which all of a state's changes are made; None where there is no such lock."""
    locks = {access.lock for access in changes}
    return locks.pop() if len(locks) == 1 else None
