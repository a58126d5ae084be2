"""Errors of the codemods: what was found, and what to do about it."""

from __future__ import annotations


class CodemodError(Exception):
    """Something stopped a rewrite before it began, or it was undone; nothing is half written.

    `str(error)` is for people: what was found, then the remedy, on one line unless that is a list.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}\n{remedy[:1].upper()}{remedy[1:]}." if "\n" in message else f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy


class UsageError(CodemodError):
    """The caller named something that does not exist, or wrote a broken ledger (exit code 2)."""


class Refused(CodemodError):
    """The rewrite would not be safe; nothing was changed (exit code 4)."""


class VerificationFailed(Refused):
    """An edit did not come out as planned: a fault of the codemod, caught before writing."""
