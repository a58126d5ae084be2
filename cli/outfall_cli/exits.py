"""The exit codes of every command."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a finished command says to the shell."""

    DONE = 0  # clean, or done
    FINDINGS = 1  # findings, or something would change
    USAGE = 2  # usage or configuration
    UNREADABLE = 3  # some file could not be read; the others were done; wins over FINDINGS
    REFUSED = 4  # refused or undone; nothing changed
