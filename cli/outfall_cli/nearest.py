"""Errors that name what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(wrong: str, valid: Iterable[str]) -> str | None:
    """The valid name most like the wrong one, or None where nothing is."""
    known = list(valid)
    by_folded = {name.casefold(): name for name in reversed(known)}
    found = difflib.get_close_matches(wrong.casefold(), by_folded, n=1, cutoff=0.5)
    return by_folded[found[0]] if found else None


def unknown(what: str, wrong: str, valid: Iterable[str], see: str) -> str:
    """One sentence: what is unknown, and what to type instead.

    `see` is the command that lists the valid names, for when none is near.
    """
    known = list(valid)
    meant = nearest(wrong, known)
    remedy = f"did you mean {meant}?" if meant else f"`{see}` lists them." if known else "there is none yet."
    return f"unknown {what} {wrong}: {remedy}"
