"""`outfall undo`: take a migrate or remove-legacy back."""

from __future__ import annotations

import click

from outfall_cli import changes
from outfall_cli.project import load_project


@click.command()
@click.argument("entry", metavar="[ENTRY]", required=False)
def command(entry: str | None) -> None:
    """Put every file back as it was before the last change, or before journal entry ENTRY.

    A change that was stopped half way counts as the last one. Refuses (exit code 4) where a file
    has been edited since: nothing of yours is overwritten.

    \b
    Examples:
      outfall undo
      outfall undo 20261123T101500Z-migrate
    """
    from outfall_codemods.journal import undo

    root = load_project().root
    if changes.recover(root) and entry is None:
        return
    undone = undo(root, entry)
    click.echo(f"Undone: {undone.command} of {undone.created}")
    for file in undone.files:
        click.echo(f"  {file.path}")
