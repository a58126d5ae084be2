"""Reasons against a rewrite that those who know their code may overrule: `outfall migrate --unsafe NAME`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from outfall_lint.model import Place

UNSAFE = {
    "bases-out-of-sight": "a base of the class comes from outside the project, and may find the class slot when it reads the class body",
    "namespace-calls": "`globals()`, `exec`, an example for doctest and the like may reach a global as text, and would miss its slot",
    "star-imports": "another module imports everything, and would miss the name behind a module property",
    "type-checkers": "a type checker may report something new, because it follows no type through a class slot",
    "values-in-place": "a value in a thread-local is changed in place: tasks that inherit the value would share it",
}
"""What may go wrong, by the name that overrules it."""

Allowed = Collection[str]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason against a rewrite. `name` is that of `UNSAFE` which overrules it; None: nothing does."""

    reason: str
    name: str | None = None
    place: Place | None = None


def first(obstacles: Iterable[Obstacle], allowed: Allowed) -> Obstacle | None:
    """The first obstacle that is not overruled."""
    return next((each for each in obstacles if each.name not in allowed), None)
