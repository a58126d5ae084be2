"""Errors that name what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def unknown(what: str, wrong: str, valid: Iterable[str], see: str) -> str:
    """One sentence: what is unknown, and what to type instead.

    `see` is the command that lists the valid names, for when none is near.
    """
    from outfall_lint.closest import closest

    known = list(valid)
    meant = closest(wrong, known)
    remedy = f"did you mean {meant}?" if meant else f"`{see}` lists them." if known else "there is none yet."
    return f"unknown {what} {wrong}: {remedy}"
