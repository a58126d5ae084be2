"""Stretches of a text put in the place of others, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import VerificationFailed


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """Replace the characters from `start` to `end` with `text`."""

    start: int
    end: int
    text: str


def splice(text: str, splices: Iterable[Splice]) -> str:
    """`text` with every splice applied; they must not overlap."""
    parts: list[str] = []
    done = 0
    for one in sorted(splices, key=lambda each: (each.start, each.end)):  # at one place, in the order given
        if one.start < done:
            raise VerificationFailed("two edits overlap", "report this with the file it happened on")
        parts += (text[done : one.start], one.text)
        done = one.end
    return "".join((*parts, text[done:]))
