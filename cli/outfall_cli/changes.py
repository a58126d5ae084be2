"""Around a change: what an earlier run left half done, and a command of the user's that must agree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import click

from outfall_cli.failures import Refusal

if TYPE_CHECKING:
    from outfall_codemods.change import ChangeSet

VERIFYING = "OUTFALL_VERIFYING"  # set for the user's command, which may call outfall itself
SHOWN = 40  # last lines of a failing command


def recover(root: Path) -> int:
    """Put back what a killed run left half done, and say so on stderr; how many runs."""
    from outfall_codemods.engine import recover as put_back

    entries = put_back(root)
    for entry in entries:
        click.echo(f"{entry.command} of {entry.created} had been stopped half way; its files were put back.", err=True)
    return len(entries)


def remind(root: Path) -> None:
    """Say once, on stderr, which changes stand although the command that had to agree never did."""
    from outfall_codemods import journal

    if os.environ.get(VERIFYING):
        return
    for entry in journal.unverified(root):
        said = f"{entry.command} of {entry.created} stands, but `{entry.unverified}` never agreed to it"
        click.echo(f"{said}; run that now, or take it back: outfall undo {entry.id}", err=True)
        journal.settle(root, entry.id)


def write(
    changes: ChangeSet, root: Path, command: str, allow_dirty: bool, forced: str | None = None, verify: str | None = None
) -> None:
    """Write all changes, then run the user's command `verify`; where that fails, or on Ctrl-C, restore all files."""
    from outfall_codemods import engine

    try:
        entry = engine.apply(changes, root, command, allow_dirty=allow_dirty, forced=forced, unverified=verify)
    except KeyboardInterrupt:
        recover(root)
        raise
    if verify is not None:
        keep_if(verify, root, entry.id)


def diff_of(changes: ChangeSet) -> str:
    """All changes as one unified diff; nothing is written."""
    from outfall_codemods.change import diff

    return "".join(map(diff, changes.changes))


def keep_if(command: str, root: Path, entry_id: str) -> None:
    """Run the command in the root; where it fails, restore every file and raise (exit code 4)."""
    from outfall_codemods import journal

    click.echo(f"$ {command}", err=True)
    try:
        done = subprocess.run(
            command, shell=True, cwd=root, env={**os.environ, VERIFYING: entry_id},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
        )  # fmt: skip
    except KeyboardInterrupt:
        click.echo(taken_back(root, entry_id), err=True)
        raise
    if done.returncode:
        tail = "\n".join(done.stdout.rstrip().splitlines()[-SHOWN:])
        raise Refusal(f"`{command}` failed with exit code {done.returncode}; {taken_back(root, entry_id)}\n{tail}".rstrip())
    journal.settle(root, entry_id)


def taken_back(root: Path, entry_id: str) -> str:
    """Restore every file of the journal entry, unless one was edited meanwhile; says which of the two."""
    from outfall_codemods.errors import Refused
    from outfall_codemods.journal import undo

    try:
        undo(root, entry_id)
    except Refused as refused:
        return f"but nothing was restored: {refused.message}. Put that file right, then: outfall undo {entry_id}"
    return "every file was restored."
