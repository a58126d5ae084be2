"""Around a change: what an earlier run left half done, and a command of the user's that must agree."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

from outfall_cli.failures import Refusal

SHOWN = 40  # last lines of a failing command


def recover(root: Path) -> None:
    """Put back what a killed run left half done, and say so on stderr."""
    from outfall_codemods.engine import recover as put_back

    for entry in put_back(root):
        click.echo(f"{entry.command} of {entry.created} had been stopped half way; its files were put back.", err=True)


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
    from outfall_codemods.journal import undo

    undo(root, entry_id)
    tail = "\n".join(done.stdout.rstrip().splitlines()[-SHOWN:])
    raise Refusal(f"`{command}` failed with exit code {done.returncode}; every file was restored.\n{tail}")
