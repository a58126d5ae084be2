"""Errors as one line and an exit code: those that the tools foresee, and our own faults."""

from __future__ import annotations

import platform
import sys
import tempfile
import traceback
from importlib.metadata import version
from pathlib import Path

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


def failure_for(error: Exception) -> Failure:
    """What to show for this error, foreseen or not."""
    return foreseen(error) or bug(error)


def bug(error: Exception) -> Failure:
    """A fault of ours: says so, and where the details to report lie; the user sees no traceback."""
    details = "".join(traceback.format_exception(error))
    said = " ".join(f"{type(error).__name__}: {error}".split())
    try:
        where = f"the file {kept(details)}, which holds the details"
    except OSError:
        where = f"these details:\n{details.rstrip()}"
    return Failure(f"this is a bug in outfall ({said}). Please report it with {where}")


def kept(details: str) -> Path:
    """Write what a report of a bug needs into a new file in the folder for temporary files."""
    system = f"outfall {version('outfall')}, Python {platform.python_version()}, {platform.platform()}"
    text = f"{system}\ncommand: {' '.join(sys.argv)}\n\n{details}"
    with tempfile.NamedTemporaryFile(
        "w", prefix="outfall-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(text)
    return Path(file.name)
