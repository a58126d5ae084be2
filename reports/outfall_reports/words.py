"""How a report says numbers of things."""

from __future__ import annotations


def plural(number: int, one: str, many: str = "") -> str:
    """`1 state`, `2 states`, `1,200 entries`; `many` where it is not `one` and an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
