"""What depends on whether a person is looking: colour, width, progress."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable

import click

WIDEST = 100


def colour() -> bool:
    """Whether to colour what goes to stdout: on a terminal, and without NO_COLOR."""
    return not os.environ.get("NO_COLOR") and sys.stdout.isatty()


def styled(text: str, **style: bool | str) -> str:
    """The text, in that click style where colour is on."""
    return click.style(text, **style) if colour() else text  # type: ignore[arg-type]


def width() -> int:
    """Columns to use."""
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)


def progress(what: str, of: str = "files") -> Callable[[int, int], None] | None:
    """A callback `(done, total)` that keeps one line on stderr current; None off a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        finished = done >= total
        if finished or done % 25 == 0:
            text = "" if finished else f"{what} {done}/{total} {of}"
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    return show


def complain(path: str, message: str, line: int | None = None) -> None:
    """One line on stderr about one file."""
    where = path if line is None else f"{path}:{line}"
    click.echo(f"{where}: {' '.join(message.split())}", err=True)


def tolerate() -> None:
    """Let what the streams' encoding cannot express come out as an escape, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def silence() -> None:
    """Send what is still to be written to nowhere: whoever read it has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
