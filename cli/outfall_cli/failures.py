"""Errors that the tools foresee, as one line and an exit code; all others are our own faults."""

from __future__ import annotations

import click

from outfall_cli.exits import Exit


class Failure(click.ClickException):
    """Says what is wrong and what to do, without a traceback."""

    exit_code = Exit.USAGE


class Refusal(Failure):
    """Says why nothing was changed."""

    exit_code = Exit.REFUSED


def foreseen(error: Exception) -> Failure | None:
    """The failure to show for this error, or None where it is a fault of ours."""
    from outfall_codemods.errors import CodemodError, Refused
    from outfall_lint.baseline import BaselineError
    from outfall_lint.config import ConfigError
    from outfall_lint.ledger import LedgerError
    from outfall_reports import ReportError

    if isinstance(error, CodemodError):
        return Refusal(str(error)) if isinstance(error, Refused) else Failure(str(error))
    if isinstance(error, (BaselineError, ConfigError, LedgerError, ReportError)):
        return Failure(str(error))
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Failure(f"{where}{error.strerror or error}")
    return None
