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
    INTERRUPTED = 130  # Ctrl-C: as shells report a program that SIGINT ended
    BROKEN_PIPE = 141  # the reader went away, as with `| head`: as shells report SIGPIPE
