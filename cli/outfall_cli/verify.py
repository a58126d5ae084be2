"""`--verify CMD`: a change stays only if a command of the user's agrees."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

from outfall_cli.exits import Exit
from outfall_cli.failures import Failure

SHOWN = 40  # last lines of a failing command


def keep_if(command: str | None, root: Path, entry_id: str) -> None:
    """Run the command in the root; where it fails, restore every file and raise (exit code 4)."""
    if command is None:
        return
    click.echo(f"$ {command}", err=True)
    done = subprocess.run(
        command, shell=True, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    )
    if done.returncode == 0:
        return
    from outfall_codemods import journal

    journal.undo(root, entry_id)
    tail = "\n".join(done.stdout.rstrip().splitlines()[-SHOWN:])
    raise Failure(f"`{command}` failed with exit code {done.returncode}; every file was restored.\n{tail}", Exit.REFUSED)
